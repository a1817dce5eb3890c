"""Image -> the windows that the model sees, and their maps -> labels of the image.

Every window has the size of the model's input, so that an artifact of a fixed size runs them all. The
image is resized to a window's `scaled` size first; beyond its edges are zeros, the mean colour.

`stretch`: to the input's size, whatever the aspect ratio. `pad`: not resized, padded below and at the
right (facebookresearch/detectron2, `ImageList.from_tensors`). `letterbox`: as large as the input allows
with its aspect ratio kept, centred. `sliding`: not resized, covered by windows (open-mmlab/mmsegmentation,
`EncoderDecoder.slide_inference`). With several scales each scaled image is covered by windows.

Maps are averaged: of windows of one scale as they are; of scales and mirror images the probabilities, or
the combined maps of a mask classifier (`SegTTAModel` of mmsegmentation, `SemanticSegmentorWithTTA` of
Mask2Former).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.errors import CaseFailed
from bench.suite.model import Pixels
from bench.suite.protocol import Protocol
from bench.transforms import strips
from bench.transforms.base import Outputs, Postprocess, Preprocess, Rule, Scores, Size

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """A part of the resized image, as large as the model's input."""

    scaled: Size
    """Height and width of the resized image."""
    top: int
    """Row of the resized image in which the window begins; negative where padding is above it."""
    left: int
    flip: bool = False
    """Whether the resized image is mirrored before the window is cut."""

    def inside(self, size: Size) -> tuple[slice, slice, slice, slice]:
        """Rows and columns of the resized image that it holds, then where they lie in the window."""
        found = []
        for start, length, whole in zip((self.top, self.left), size, self.scaled, strict=True):
            a, b = max(start, 0), min(start + length, whole)
            found.append((slice(a, b), slice(a - start, b - start)))
        (rows, y), (columns, x) = found
        return rows, columns, y, x


@dataclass(frozen=True)
class Geometry:
    """How an image gets into the model's input, and its map back."""

    name: str = "stretch"
    stride: float = 2 / 3
    """Step from window to window, as a share of the window's side."""
    scales: tuple[float, ...] = (1.0,)
    flip: bool = False

    @classmethod
    def of(cls, protocol: Protocol) -> Self:
        """The geometry that a protocol asks for."""
        scales = (1.0,) if protocol.scales == "single" else protocol.scales
        return cls(protocol.geometry, protocol.stride, scales, protocol.flip)

    @property
    def plain(self) -> bool:
        """Whether the input is the whole image, resized."""
        return self.name == "stretch" and self.once

    @property
    def once(self) -> bool:
        """Whether an image takes one pass of the model."""
        return self.name != "sliding" and self.scales == (1.0,) and not self.flip

    def windows(self, image: Size, size: Size) -> tuple[Window, ...]:
        """Windows of an image, scale by scale.

        Raises:
            CaseFailed: `pad` where the image is larger than the input.
        """
        if self.name == "pad" and any(i > s for i, s in zip(image, size, strict=True)):
            raise CaseFailed(
                f"An image has {image[0]} x {image[1]} pixels and the input {size[0]} x {size[1]}: "
                "the geometry 'pad' doesn't shrink.",
                "Ask for a larger input, or for the geometry 'letterbox' or 'sliding'.",
            )
        whole: tuple[float, ...] = size if self.name == "stretch" else image
        if self.name == "letterbox":
            ratio = min(s / i for i, s in zip(image, size, strict=True))
            whole = tuple(i * ratio for i in image)
        found = []
        for scale in self.scales:
            height, width = (max(1, round(side * scale)) for side in whole)
            found += [
                Window((height, width), top, left, flip)
                for flip in (False, True)[: 1 + self.flip]
                for top in self._starts(height, size[0])
                for left in self._starts(width, size[1])
            ]
        return tuple(found)

    def _starts(self, side: int, window: int) -> Iterator[int]:
        """Where windows begin along a side: evenly, the last one at the end of the image."""
        if side <= window:
            yield (side - window) // 2 if self.name == "letterbox" else 0
            return
        step = max(1, round(window * self.stride))
        for start in range(0, side - window + step, step):
            yield min(start, side - window)

    def cut(self, image: NDArray[Any], pixels: Pixels, size: Size, rule: Preprocess) -> Array:
        """Input of every window, float32 (windows, C, h, w) with (h, w) = size."""
        if self.plain:
            return rule(image, pixels, size)
        windows = self.windows(image.shape[:2], size)
        out = np.zeros((len(windows), pixels.bands, *size), np.float32)
        whole: dict[Size, Array] = {}
        for window, x in zip(windows, out, strict=True):
            if window.scaled not in whole:
                whole = {window.scaled: rule(image, pixels, window.scaled)[0]}
            planes = whole[window.scaled][..., :: -1 if window.flip else 1]
            rows, columns, *here = window.inside(size)
            x[:, *here] = planes[:, rows, columns]
        return out

    def restored(self, rule: Rule, call: Postprocess) -> Postprocess:
        """The rule for outputs of all windows of an image, (windows, ...), in place of one.

        Raises:
            CaseFailed: the rule has no map that could be averaged.
        """
        if self.plain:
            return call
        if rule.scores is None:
            raise CaseFailed(
                f"The geometry {self.name!r} averages class maps, and the post-processing rule has none.",
                "Leave geometry, scales and flip out, or use the rules 'reference' and 'hf'.",
            )
        scores = rule.scores

        def labels(outputs: Outputs, size: Size, image: Size) -> NDArray[np.uint8]:
            windows = self.windows(image, size)
            if windows == (Window(image, 0, 0),):
                return call(outputs, size, size)[: image[0], : image[1]]
            several = len({_turn(w) for w in windows}) > 1
            total = np.zeros((_classes(outputs), *image), np.float32)
            out = np.empty(image, np.uint8)
            with np.errstate(all="ignore"):  # broken numbers become VOID
                for _, members in groupby(enumerate(windows), key=lambda pair: _turn(pair[1])):
                    part = _joined(list(members), outputs, size, scores)
                    if several and "logits" in outputs:
                        part = _softmax(part)
                    rows = strips.resized(strips.sliced(part), part.shape[1:], image)
                    for start, stop in strips.blocks(image[0], len(part) * image[1]):
                        total[:, start:stop] += rows(start, stop)
                strips.winner(total, out)
            return out

        return labels


STRETCH = Geometry()
_turn = attrgetter("scaled", "flip")


def _classes(outputs: Outputs) -> int:
    """Classes of the map that the outputs make."""
    for name, hint in (
        ("labels", "Name the output that holds logits."),
        ("features", "Leave the geometry out for a backbone."),
    ):
        if name in outputs:
            raise CaseFailed(
                f"The model gives {name}, and a geometry other than 'stretch' averages logits.",
                hint,
            )
    if "class_logits" in outputs:
        return int(outputs["class_logits"].shape[2]) - 1
    return int(outputs["logits"].shape[1])


def _joined(
    members: list[tuple[int, Window]], outputs: Outputs, size: Size, scores: Scores
) -> Array:
    """Map of the resized image, float32 (C, H, W): the mean of all windows that hold a point."""
    scaled, flip = _turn(members[0][1])
    total = np.zeros((_classes(outputs), *scaled), np.float32)
    seen = np.zeros(scaled, np.float32)
    for number, window in members:
        found = scores({n: a[number : number + 1] for n, a in outputs.items()}, size)
        rows, columns, y, x = window.inside(size)
        total[:, rows, columns] += found[:, y, x]
        seen[rows, columns] += 1
    total /= seen
    return np.ascontiguousarray(total[..., ::-1]) if flip else total


def _softmax(logits: Array) -> Array:
    """Probabilities, in place."""
    logits -= logits.max(axis=0)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=0)
    return logits
