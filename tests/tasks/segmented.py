"""Generated panoptic images, and cityscapesScripts' evaluator as an oracle for them."""

from __future__ import annotations

import contextlib
import importlib
import io

import cv2
import numpy as np

from bench.segments import Segments

CLASSES = tuple(f"class {i}" for i in range(7))
THINGS = CLASSES[4:]
ABSENT = 3
"""Class that is nowhere."""


def truth_of(rng, *, crowd=True, size=(24, 32)) -> Segments:
    """Blocks of stuff with boxes of things on them; some are crowd, some pixels void."""
    stuff = rng.integers(0, ABSENT, (size[0] // 8, size[1] // 8)).repeat(8, 0).repeat(8, 1)
    ids = np.zeros(size, np.int32)
    classes, crowds = [], []
    for c in range(ABSENT):
        classes.append(c)
        crowds.append(False)
        ids[stuff == c] = len(classes)
    for _ in range(rng.integers(0, 7)):
        y, x = rng.integers(0, size[0] - 6), rng.integers(0, size[1] - 6)
        c = int(rng.integers(4, 7))
        is_crowd = bool(crowd and rng.random() < 0.3)
        if is_crowd and any(k == c and w for k, w in zip(classes, crowds, strict=True)):
            continue  # the official evaluator knows one crowd a class
        classes.append(c)
        crowds.append(is_crowd)
        ids[y : y + rng.integers(3, 7), x : x + rng.integers(3, 7)] = len(classes)
    ids[rng.random(size) < 0.05] = 0
    y = rng.integers(0, size[0] - 6)
    ids[y : y + 5, :9] = 0
    return Segments(ids, np.array(classes, np.int32), np.array(crowds))


def predicted(rng, truth: Segments, *, void=True) -> Segments:
    """The truth, shifted here and there, with other classes, doubled and forgotten segments."""
    ids = np.roll(truth.ids, rng.integers(0, 3, 2), (0, 1))
    classes = truth.classes.copy()
    wrong = rng.random(len(classes)) < 0.15
    classes[wrong] = rng.integers(4, 7, wrong.sum())
    ids[ids == 0] = rng.integers(1, len(classes) + 1, (ids == 0).sum())
    split = np.flatnonzero(rng.random(len(classes)) < 0.2)
    for k in split:  # its left half becomes a segment of its own
        at = np.argwhere(ids == k + 1)
        if len(at):
            half = at[at[:, 1] < np.median(at[:, 1])]
            classes = np.append(classes, classes[k])
            ids[half[:, 0], half[:, 1]] = len(classes)
    if void:
        ids[rng.random(ids.shape) < 0.03] = 0
    return Segments(ids.astype(np.int32), classes.astype(np.int32), np.zeros(len(classes), bool))


def official(pairs, folder):
    """Scores of cityscapesscripts' evaluator; images go through files, as it reads them."""
    module = importlib.import_module("cityscapesscripts.evaluation.evalPanopticSemanticLabeling")
    annotations = []
    for i, pair in enumerate(pairs):
        both = []
        for side, found in zip(("truth", "prediction"), pair, strict=True):
            name = f"{side}{i}.png"
            colours = np.stack([found.ids >> 16, (found.ids >> 8) & 255, found.ids & 255], -1)
            cv2.imwrite(str(folder / name), colours.astype(np.uint8))
            sizes = np.bincount(found.ids.ravel(), minlength=len(found.classes) + 1)[1:]
            segments = [
                {"id": k + 1, "category_id": int(c), "iscrowd": int(w), "area": int(n)}
                for k, (c, w, n) in enumerate(zip(found.classes, found.crowd, sizes, strict=True))
                if n
            ]
            both.append({"image_id": str(i), "file_name": name, "segments_info": segments})
        annotations.append(tuple(both))
    categories = {
        i: {"id": i, "name": c, "isthing": int(c in THINGS)} for i, c in enumerate(CLASSES)
    }
    with contextlib.redirect_stdout(io.StringIO()):
        stat = module.pq_compute_single_core(0, annotations, str(folder), str(folder), categories)
    return {
        name: stat.pq_average(categories, isthing=isthing)
        for name, isthing in (("", None), ("_things", True), ("_stuff", False))
    }


def pairs_of(seed, images=12, *, crowd=True, whole=False):
    """Ground truth and prediction; a whole prediction has no void."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(images):
        truth = truth_of(rng, crowd=crowd)
        made.append((truth, predicted(rng, truth, void=not whole)))
    return made
