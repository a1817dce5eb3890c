"""A run on disk: run.json, cases/ID.json with ID.KIND.npz beside it, media/ by content.

The .npz is written first and the JSON, which holds its sha256, last; both through a temporary file
and a rename. Only the JSON makes a result, so a process killed anywhere leaves none or a whole one.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import zipfile
import zlib
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from bench.errors import RecordError
from bench.record.arrays import unpacked
from bench.record.base import ArrayFile, Record
from bench.record.calibration import Calibration
from bench.record.ceiling import Ceiling
from bench.record.pairs import PairsRecord
from bench.record.parse import content_of, head, parse, plain, read_result
from bench.record.result import SCHEMA, Result
from bench.record.stored import Shared, Stored
from bench.resources import read_bytes
from bench.suite.policy import GatePolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray


class RunInfo(Record):
    """run.json: what the run set out to do."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    suite: str
    title: str
    about: str = ""
    plan: tuple[str, ...]
    """Ids of all cases, in order; those without a result are pending."""
    gate: GatePolicy = GatePolicy()
    segbench: str = ""
    """Version."""
    command: tuple[str, ...] = ()


class Run:
    """A run in a folder: its info, and its results, which are read when they are asked for."""

    def __init__(self, folder: Path, info: RunInfo) -> None:
        self.folder = folder
        self.info = info
        self._shared = Shared()
        self._stored: dict[str, Result] = {}
        # A row asks for its measurements several times, and all variants for their reference's.
        self._whole = lru_cache(maxsize=16)(read_result)

    @cached_property
    def results(self) -> tuple[Result, ...]:
        """All of them, whole: those of the plan in its order, then those that it doesn't name."""
        read = [read_result(f) for f in sorted((self.folder / "cases").glob("*.json"))]
        found = {r.case.id: r for r in read}
        order = {case_id: i for i, case_id in enumerate(self.info.plan)}
        key = lambda r: (order.get(r.case.id, len(order)), r.case.id)  # noqa: E731
        return tuple(sorted(found.values(), key=key))

    @cached_property
    def files(self) -> dict[str, Path]:
        """Planned case -> its JSON, in the plan's order; a case without a result is left out."""
        folder = self.folder / "cases"
        there = {file.name for file in folder.glob("*.json")}
        names = {i: f"{file_stem(i)}.json" for i in self.info.plan}
        return {i: folder / name for i, name in names.items() if name in there}

    @property
    def ids(self) -> tuple[str, ...]:
        """Planned cases that have a result, in the plan's order."""
        return tuple(self.files)

    @cached_property
    def pending(self) -> tuple[str, ...]:
        """Planned cases that have none."""
        there = set(self.ids)
        return tuple(i for i in self.info.plan if i not in there)

    @property
    def planned(self) -> Iterator[Result]:
        """Results of the plan's cases, in its order, each without its samples in memory."""
        return (r for i in self.ids if (r := self.get(i)))

    def get(self, case_id: str) -> Result | None:
        """Result of a case, or None; it is read when something of it is asked for.

        Then a RecordError may come: the file can't be understood, or holds another case's result.
        """
        if case_id not in self._stored:
            path = self.folder / "cases" / f"{file_stem(case_id)}.json"
            if not path.exists():
                return None
            head = partial(self._head, case_id, path)
            self._stored[case_id] = Stored.of(head, partial(self._whole, path))
        return self._stored[case_id]

    def whole(self, result: Result) -> Result:
        """A planned result with its measurements in memory."""
        return self._whole(self.files[result.case.id])

    def _head(self, case_id: str, path: Path) -> Result:
        found = self._shared.result(parse(Result, path, head))
        if found.case.id != case_id:
            raise RecordError(f"{path} holds the result of another case, {found.case.id!r}.")
        return found

    @cached_property
    def digest(self) -> str:
        """Digest, hexadecimal, of what numbers derive from: plan, results, arrays, ceilings.

        Arrays count by name, size and time of change: their results' JSON names their digests.
        """
        sha = hashlib.sha256("\n".join(self.info.plan).encode())
        for path in (*self.files.values(), *sorted((self.folder / "ceilings").glob("*.json"))):
            sha.update(b"%s %s" % (path.name.encode(), hashlib.sha256(content_of(path)).digest()))
        folder = self.folder / "cases"
        there = os.scandir(folder) if folder.is_dir() else ()  # a Path for each takes twice as long
        arrays = {f.name: f.stat() for f in there if f.name.endswith(".npz")}
        for name, at in sorted(arrays.items()):
            sha.update(f"{name} {at.st_size} {at.st_mtime_ns}".encode())
        return sha.hexdigest()

    def arrays(self, file: ArrayFile) -> dict[str, NDArray[Any]]:
        """Arrays of a measurement, checked against their digest."""
        return read_arrays(self.folder / "cases", file)

    def media(self, name: str) -> bytes:
        """Bytes of a picture in media/."""
        return content_of(inside(self.folder / "media", name))

    def pairs(self) -> dict[str, PairsRecord]:
        """Case -> live pairs that `segbench gate --live` left here."""
        files = sorted((self.folder / "pairs").glob("[!.]*.json"))  # .begun.json is none
        found = [plain(PairsRecord, file) for file in files]
        return {p.case: p for p in found}

    def calibration(self) -> Calibration | None:
        """What the self-test found about the machine of this run; None where none was made."""
        path = self.folder / "calibration.json"
        return plain(Calibration, path) if path.exists() else None

    def ceilings(self) -> tuple[Ceiling, ...]:
        """What the machine itself can do, one entry a device and number of threads."""
        return tuple(plain(Ceiling, f) for f in sorted((self.folder / "ceilings").glob("*.json")))


def file_stem(case_id: str) -> str:
    """Name of a case's files: its id with every `/` as `__`."""
    return case_id.replace("/", "__")


def inside(folder: Path, name: str) -> Path:
    """Path of `name` in `folder`.

    Raises:
        RecordError: the name leads out of the folder.
    """
    path = folder / name
    if path.parent == folder and name != ".." and not path.is_symlink():
        return path  # what follows resolves every folder on the way
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RecordError(f"The record names a file outside its folder: {name!r}.")
    return path


def write_atomic(path: Path, content: bytes) -> None:
    """Write through a temporary file of this process and a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_arrays(
    folder: Path, case_id: str, kind: str, arrays: Mapping[str, NDArray[Any]]
) -> ArrayFile:
    """Reference to the .npz, in `folder`, that now holds the arrays."""
    file, content = packed(case_id, kind, arrays)
    write_atomic(folder / file.file, content)
    return file


def packed(case_id: str, kind: str, arrays: Mapping[str, NDArray[Any]]) -> tuple[ArrayFile, bytes]:
    """Reference to an .npz with the arrays, and its content."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    content = buffer.getvalue()
    sha = hashlib.sha256(content).hexdigest()
    return ArrayFile(file=f"{file_stem(case_id)}.{kind}.{sha[:12]}.npz", sha256=sha), content


def verified(folder: Path, file: ArrayFile) -> bytes:
    """Content of an .npz, after its digest was checked."""
    path = inside(folder, file.file)
    content = content_of(path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise RecordError(
            f"{path} isn't the file that its record names (its digest differs).",
            "Measure that case again with --fresh.",
        )
    return content


def read_arrays(folder: Path, file: ArrayFile) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz, after its digest was checked."""
    content = verified(folder, file)
    try:
        return unpacked(content)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as e:
        raise RecordError(f"{folder / file.file} holds no arrays: {e}.") from e


def write_media(folder: Path, content: bytes, suffix: str) -> str:
    """Name, by content, of a picture that now lies in `folder`."""
    name = hashlib.sha256(content).hexdigest()[:16] + suffix
    if not (folder / name).exists():
        write_atomic(folder / name, content)
    return name


def write_result(run: Path, result: Result, *, more: bool = False) -> Path:
    """Path of the JSON that makes the result; an older one is kept in superseded/.

    Args:
        run: Folder of the run.
        result: The row.
        more: It holds all of the older one and something beside (a launch, a measurement): nothing
            is superseded then.
    """
    path = run / "cases" / f"{file_stem(result.case.id)}.json"
    if path.exists() and not more:
        raw = read_bytes(path)
        old = json.loads(raw)
        stamp = str(old.get("started", "")).replace(":", "").replace("-", "") or "unknown"
        sha = hashlib.sha256(raw).hexdigest()[:8]
        aside = run / "superseded" / f"{path.stem}.{stamp}.{sha}.json"
        aside.parent.mkdir(parents=True, exist_ok=True)
        # A second name for the old file, so that a full disk leaves it where it is.
        with contextlib.suppress(FileExistsError):
            os.link(path, aside)
    write_atomic(path, to_json(result))
    return path


def to_json(record: Record) -> bytes:
    """Indented JSON, UTF-8, one trailing newline."""
    return (record.model_dump_json(indent=1, by_alias=True) + "\n").encode()


def read_run(folder: Path) -> Run:
    """Run in a folder.

    Raises:
        RecordError: there is none, or it can't be understood.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise RecordError(
            f"{folder} holds no run (no run.json).",
            "Make one with: segbench run quickstart",
        )
    return Run(folder, parse(RunInfo, path))
