"""The official Cityscapes evaluator as an oracle, and files in its layout for it to read."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

IDS = np.arange(34)
EVALUATED = np.array([7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33])
WITH_INSTANCES = (24, 25, 26, 27, 28, 29, 30, 31, 32, 33)


def evaluator() -> ModuleType:
    """cityscapesscripts' module; it looks at its export folder when it is imported, and wants
    `np.in1d`, which numpy 2.4 no longer has."""
    # Also where numpy still has it: there it warns that it is going to leave.
    vars(np)["in1d"] = lambda a, b, invert=False: np.isin(a, b, invert=invert).ravel()
    before = os.environ.get("CITYSCAPES_EXPORT_DIR")
    os.environ["CITYSCAPES_EXPORT_DIR"] = tempfile.gettempdir()
    try:
        module = importlib.import_module(
            "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling"
        )
    finally:
        if before is None:
            del os.environ["CITYSCAPES_EXPORT_DIR"]
        else:
            os.environ["CITYSCAPES_EXPORT_DIR"] = before
    module.args.quiet = True
    module.args.JSONOutput = False
    return module


def write_panoptic(root: Path, split: str = "val") -> Path:
    """JSON file that cityscapesscripts makes of the instanceIds in root/gtFine, and its folder."""
    with contextlib.redirect_stdout(io.StringIO()):
        module = importlib.import_module("cityscapesscripts.preparation.createPanopticImgs")
        module.convert2panoptic(str(root / "gtFine"), setNames=[split])
    return root / "gtFine" / f"cityscapes_panoptic_{split}.json"


def official(predictions: list[Path], truths: list[Path]) -> dict[str, Any]:
    """Result of the official evaluator for pairs of files."""
    module = evaluator()
    found: dict[str, Any] = module.evaluateImgLists(
        [str(p) for p in predictions], [str(t) for t in truths], module.args
    )
    return found


def write_layout(
    root: Path,
    images: int = 5,
    size: tuple[int, int] = (48, 96),
    seed: int = 0,
    absent: tuple[int, ...] = (13, 28),
    grain: int = 1,
) -> tuple[list[Path], list[Path]]:
    """Predictions (root/results) and label files (root/gtFine/val): with void and unevaluated
    labels, classes that are absent or only predicted, instances, crowds, and void predictions.

    Labels in `absent` never stand in the truth; the first is never predicted either. Wrong
    predictions stand in squares of `grain` pixels.
    """
    rng = np.random.default_rng(seed)
    block = max(1, size[0] // 12)
    present = np.setdiff1d(IDS, absent)
    predictable = np.setdiff1d(IDS, absent[:1])
    predictions, truths = [], []
    for index in range(images):
        city = ("aachen", "bochum")[index % 2]
        coarse = (size[0] // block, size[1] // block)
        weights = np.where(np.isin(present, EVALUATED), 4.0, 1.0)
        ids = rng.choice(present, coarse, p=weights / weights.sum())
        number = rng.integers(0, 4, coarse)
        # A quarter of the things are crowds: their instance id is the label's.
        things = np.isin(ids, WITH_INSTANCES) & (rng.random(coarse) < 0.75)
        instance = np.where(things, ids * 1000 + number, ids)
        ids, instance = (_grow(a, block, size) for a in (ids, instance))
        fine = (-(-size[0] // grain), -(-size[1] // grain))
        wrong, other = rng.random(fine) < 0.3, rng.choice(predictable, fine)
        wrong, other = (_grow(a, grain, size) for a in (wrong, other))
        guess = np.where(wrong, other, ids)
        guess = np.where(np.isin(guess, absent[:1]), 0, guess)
        stem = f"{city}_{index:06d}_000019"
        truth = root / "gtFine" / "val" / city / f"{stem}_gtFine_labelIds.png"
        prediction = root / "results" / f"{stem}_pred.png"
        _png(truth, ids.astype(np.uint8))
        _png(Path(str(truth).replace("labelIds", "instanceIds")), instance.astype(np.uint16))
        _png(prediction, guess.astype(np.uint8))
        predictions.append(prediction)
        truths.append(truth)
    return predictions, truths


def _grow(coarse: np.ndarray, block: int, size: tuple[int, int]) -> np.ndarray:
    big = coarse.repeat(block, axis=0).repeat(block, axis=1)[: size[0], : size[1]]
    return np.pad(big, [(0, s - b) for s, b in zip(size, big.shape, strict=True)], mode="edge")


def _png(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), array)
