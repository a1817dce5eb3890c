"""Derived numbers of many rows as arrays: a number takes 32 bytes, and its words are stored once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.metrics.base import Metric

NONE = -1
"""Code of a name that a row doesn't have."""


@dataclass(frozen=True)
class Columns:
    """Numbers of one kind, a row a result and a column a name."""

    names: dict[str, int]
    """Name -> its column."""
    numbers: NDArray[np.float64]
    """Value, low and high end, (3, rows, columns); NaN = None."""
    words: NDArray[np.int32]
    """Codes of reason and note in `texts`, (2, rows, columns)."""
    texts: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Metric]]) -> Columns:
        """Columns of the rows' numbers."""
        names = _numbered(name for row in rows for name in row)
        texts = _numbered(t for row in rows for m in row.values() for t in (m.reason, m.note))
        numbers = np.full((3, len(rows), len(names)), np.nan)
        words = np.full((2, len(rows), len(names)), NONE, np.int32)
        for i, row in enumerate(rows):
            for name, m in row.items():
                at = names[name]
                numbers[:, i, at] = np.array((m.value, m.low, m.high), np.float64)  # None = NaN
                words[:, i, at] = texts[m.reason], texts[m.note]
        return cls(names, numbers, words, tuple(texts))

    @classmethod
    def join(cls, parts: Sequence[Columns]) -> Columns:
        """The rows of all parts, in order."""
        names = _numbered(name for part in parts for name in part.names)
        texts = _numbered(text for part in parts for text in part.texts)
        rows = sum(p.numbers.shape[1] for p in parts)
        numbers = np.full((3, rows, len(names)), np.nan)
        words = np.full((2, rows, len(names)), NONE, np.int32)
        start = 0
        for part in parts:
            codes = np.array([*(texts[t] for t in part.texts), NONE], np.int32)
            at = [names[n] for n in part.names]
            end = start + part.numbers.shape[1]
            numbers[:, start:end, at] = part.numbers
            words[:, start:end, at] = codes[part.words]
            start = end
        return cls(names, numbers, words, tuple(texts))

    def get(self, row: int, name: str) -> Metric | None:
        """A row's number, or None where it has none of that name."""
        at = self.names.get(name)
        if at is None or self.words[0, row, at] == NONE:
            return None
        value, low, high = self.numbers[:, row, at].tolist()
        reason, note = self.words[:, row, at].tolist()
        return Metric(
            None if math.isnan(value) else value,
            None if math.isnan(low) else low,
            None if math.isnan(high) else high,
            self.texts[reason],
            self.texts[note],
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` understands."""
        text = json.dumps([list(self.names), self.texts])
        said = np.frombuffer(text.encode(), np.uint8)
        return {"numbers": self.numbers, "words": self.words, "said": said}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Columns:
        """Columns that `arrays` gave.

        Raises:
            ValueError: they aren't.
        """
        names, texts = json.loads(arrays["said"].tobytes())
        found = cls(
            {n: i for i, n in enumerate(names)}, arrays["numbers"], arrays["words"], tuple(texts)
        )
        shape = (*found.numbers.shape[1:2], len(names))
        if found.numbers.shape != (3, *shape) or found.words.shape != (2, *shape):
            raise ValueError("columns of different shapes")
        return found


def _numbered(words: Iterable[str]) -> dict[str, int]:
    """Each different word with its number, from 0, in the order in which they come."""
    return {word: i for i, word in enumerate(dict.fromkeys(words))}


@dataclass(frozen=True, eq=False)
class Numbers(Mapping[str, Metric]):
    """One row's numbers, each made when it is asked for."""

    kinds: tuple[Columns, ...]
    row: int
    prefix: str = ""
    """Of the columns' names, which the row's own leave out."""

    def __getitem__(self, name: str) -> Metric:
        name = self.prefix + name
        for columns in self.kinds:
            if name in columns.names and (found := columns.get(self.row, name)):
                return found
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        for columns in self.kinds:
            for name, at in columns.names.items():
                if name.startswith(self.prefix) and columns.words[0, self.row, at] != NONE:
                    yield name[len(self.prefix) :]

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, eq=False)
class ByClass(Mapping[str, Mapping[str, Metric]]):
    """One row's numbers by class: those whose name is `METRIC/CLASS`."""

    kinds: tuple[Columns, ...]
    row: int

    def __getitem__(self, name: str) -> Numbers:
        found = Numbers(self.kinds, self.row, f"{name}/")
        if next(iter(found), None) is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(n.partition("/")[0] for n in Numbers(self.kinds, self.row)))

    def __len__(self) -> int:
        return sum(1 for _ in self)
