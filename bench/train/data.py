"""Training scenes in memory-mapped arrays, and the crops drawn from them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.scenes.layout import compose
from bench.datasets.scenes.loader import SPLITS
from bench.suite.classes import CITYSCAPES
from bench.train.recipe import Recipe

IGNORE = 255


def store(folder: Path, recipe: Recipe, split: str, count: int, part: int, parts: int) -> None:
    """Write this part of the scenes of a split into the arrays of `open_store`."""
    images, labels = open_store(folder, recipe, split, count)
    lut = np.full(256, IGNORE, np.uint8)
    lut[[c.label_id for c in CITYSCAPES]] = [c.train_id for c in CITYSCAPES]
    for i in range(part, count, parts):
        scene = compose((recipe.seed, SPLITS[split], i), recipe.height, recipe.width)
        things = np.where(scene.instances >= 1000, scene.instances, 0)
        number = np.unique(things, return_inverse=True)[1].reshape(things.shape)
        images[i], labels[i] = scene.image, lut[scene.labels] + (number << 8)
    for array in (images, labels):
        array.flush()


def open_store(folder: Path, recipe: Recipe, split: str, count: int) -> tuple[np.memmap, np.memmap]:
    """Images uint8 (N, H, W, 3) and labels uint16 (N, H, W), mapped from `folder`.

    A label is the trainId in its low byte, and the number of the instance in its high byte: from 1
    in every scene, 0 where the class has none.
    """
    shape = (count, recipe.height, recipe.width)
    found = []
    for name, full, kind in (("images", (*shape, 3), np.uint8), ("labels", shape, np.uint16)):
        path = folder / f"{split}-{name}.{np.dtype(kind).name}"
        size = int(np.prod(full)) * np.dtype(kind).itemsize
        if not path.exists() or path.stat().st_size != size:
            with path.open("ab") as f:
                f.truncate(size)
        found.append(np.memmap(path, kind, "r+", shape=full))
    return found[0], found[1]


def batch(
    images: NDArray[np.uint8],
    labels: NDArray[np.uint16],
    rng: np.random.Generator,
    recipe: Recipe,
    *,
    whole: bool,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pixels float32 (B, 3, h, w) in 0..1 and labels int64 (B, h, w) of one step."""
    h, w = (recipe.height, recipe.width) if whole else (recipe.height // 2, recipe.width // 2)
    size = max(1, recipe.pixels_per_step // (h * w))
    x = np.empty((size, 3, h, w), np.float32)
    y = np.empty((size, h, w), np.int64)
    for b in range(size):
        i = int(rng.integers(len(images)))
        top, left = _place(labels[i], rng, h, w)
        picture = images[i, top : top + h, left : left + w].astype(np.float32) / 255.0
        truth = labels[i, top : top + h, left : left + w]
        if rng.random() < 0.5:
            picture, truth = picture[:, ::-1], truth[:, ::-1]
        x[b] = _jitter(picture, rng).transpose(2, 0, 1)
        y[b] = truth
    return x, y


def _place(labels: NDArray[np.uint16], rng: np.random.Generator, h: int, w: int) -> tuple[int, int]:
    """Corner of the most class-rich of three crops."""
    best, corner = -1, (0, 0)
    for _ in range(3 if h < labels.shape[0] else 1):
        top = int(rng.integers(labels.shape[0] - h + 1))
        left = int(rng.integers(labels.shape[1] - w + 1))
        found = len(np.unique(labels[top : top + h : 4, left : left + w : 4] & IGNORE))
        if found > best:
            best, corner = found, (top, left)
    return corner


def _jitter(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Gain, tint and gamma, drawn."""
    gain = rng.uniform(0.8, 1.2) * rng.normal(1.0, 0.04, 3)
    bright = np.clip(picture * gain, 0.0, 1.0)
    return np.asarray(bright ** rng.uniform(0.85, 1.18), dtype=np.float32)
