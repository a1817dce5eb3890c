"""Folders of label maps: which file belongs to which image, and what its values mean."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.datasets.base import VOID
from bench.datasets.cityscapes_layout import LABEL_IDS
from bench.datasets.decode import UNKNOWN, indices, read_map
from bench.errors import BadInput, DatasetError
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset
from bench.tasks.instances import UNEVALUATED

Encoding = Literal["labelIds", "trainIds"]

UNEVALUATED_IDS = {"caravan": 29, "trailer": 30}
_STEM = re.compile(r"[^_].*_[0-9]+_[0-9]+")


@dataclass(frozen=True)
class Values:
    """What a predicted value means."""

    encoding: Encoding
    names: tuple[str, ...]
    """Names of the classes by index, the evaluated ones first."""
    table: NDArray[np.uint8]
    """Value -> index in `names`, VOID, or a mark for values that mean nothing, uint8 (256,)."""

    def read(self, path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
        """Predicted indices, uint8 (H, W), into `names`; VOID where no class is. Else a DatasetError."""
        raw = read_map(path)
        if raw.shape != shape:
            raise DatasetError(
                f"{path} is {raw.shape[1]} x {raw.shape[0]} pixels, its ground truth "
                f"{shape[1]} x {shape[0]}.",
                "Write predictions at the size of the ground truth.",
            )
        other = "trainIds" if self.encoding == "labelIds" else "labelIds"
        hint = f"Its values are read as {self.encoding}. Are they {other}? Say --encoding {other}."
        labels: NDArray[np.uint8] = indices(raw, self.table, path, hint)
        return labels


def meaning_of(spec: Dataset, encoding: Encoding | None, *, layout: bool) -> Values:
    """What each predicted value means; BadInput for labelIds where the classes aren't Cityscapes'."""
    known = {c.name: c.label_id for c in CITYSCAPES}
    chosen: Encoding = encoding or ("labelIds" if layout else "trainIds")
    table = np.full(256, UNKNOWN, np.uint8)
    table[VOID] = VOID
    if chosen == "trainIds":
        table[: len(spec.classes)] = np.arange(len(spec.classes))
        table[spec.ignore_index] = VOID
        return Values(chosen, spec.classes, table)
    strange = [c for c in spec.classes if c not in known]
    if strange:
        raise BadInput(
            f"Data set {spec.name!r} has the class {strange[0]!r}, for which there is no labelId.",
            "Say --encoding trainIds: values are class indices.",
        )
    table[:LABEL_IDS] = VOID  # those that aren't evaluated count as void predictions
    for index, name in enumerate(spec.classes):
        table[known[name]] = index
    for offset, name in enumerate(UNEVALUATED):
        table[UNEVALUATED_IDS[name]] = len(spec.classes) + offset
    return Values(chosen, (*spec.classes, *UNEVALUATED), table)


def pair(predictions: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """File of each name, in the order of `names`; DatasetError where a name has none, or two."""
    if not predictions.is_dir():
        raise DatasetError(
            f"{predictions} is no folder.", "PREDICTIONS is a folder of PNG label maps."
        )
    stems = {Path(name).name: name for name in names}
    by_stem = all(_STEM.fullmatch(stem) for stem in stems)
    found: dict[str, Path] = {}
    for path in sorted(predictions.rglob("*.png")):
        name = stems.get(_stem(path.stem, stems) if by_stem else path.stem)
        if name is None:
            continue
        if name in found:
            raise DatasetError(
                f"{name} has two predictions: {found[name]} and {path}.",
                "Keep one PNG an image, label maps alone.",
            )
        found[name] = path
    missing = [name for name in names if name not in found]
    if missing:
        raise DatasetError(
            f"{missing[0]} has no prediction in {predictions} ({len(missing)} of {len(names)} "
            "images have none).",
            f"Looked for {Path(missing[0]).name}{'*' if by_stem else ''}.png in it and below.",
        )
    return tuple(found[name] for name in names)


def _stem(name: str, stems: dict[str, str]) -> str:
    """The stem that a file's name begins with, up to the end of a number; empty if none."""
    ends = (m.end() for m in re.finditer(r"[0-9](?![0-9])", name))
    return next((name[:end] for end in ends if name[:end] in stems), "")
