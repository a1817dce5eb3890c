"""Shards of an accuracy pass -> the measurements that one undivided pass would have left.

Every measurement of a pass is a list by image. Joining puts the lists in the order of the images in
the set. No two images' values are added up, so that no sum depends on the division.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from bench.errors import CaseFailed
from bench.jobs.measure import ShardReport
from bench.record.arrays import unpacked
from bench.record.base import Record
from bench.record.counts import RunTimes
from bench.record.gallery import GalleryMeasurement
from bench.record.parity import ParityMeasurement

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Part: TypeAlias = tuple[ShardReport, Mapping[str, Arrays]]
"""What the worker of one shard found, or what all of them came to; and kind -> arrays of the
measurement, whose `image` counts the images that the shard saw."""
T = TypeVar("T")


def part(report: ShardReport, files: Mapping[str, bytes]) -> Part:
    """What a worker reported, and the arrays out of the files beside its report."""
    stored: list[Any] = [m for m in report.measurements if "arrays" in type(m).model_fields]
    return report, {m.kind: unpacked(files[f"cases/{m.arrays.file}"]) for m in stored}


def join(parts: Sequence[Part], *, limited: bool = False) -> Part:
    """The whole pass, equal to the bit to that of one worker, whatever the order of the parts.

    Where the protocol limits the time of a pass (`limited`), a shard may have ended early, and the
    whole pass ends before the first image that no shard saw.

    Raises:
        CaseFailed: a shard or an image is missing, or there twice; it is named.
    """
    parts = _whole(parts)
    names: dict[int, str] = {}
    for report, _ in parts:
        for i, name in zip(report.indices, report.images, strict=True):
            if i in names:
                raise CaseFailed(f"Image {i} lies in two shards.")
            names[i] = name
    first, kinds = parts[0]
    seen = next((i for i in range(first.asked) if i not in names), first.asked)
    if seen < first.asked and not limited:
        raise CaseFailed(f"Image {seen} of {first.asked} lies in none of the {len(parts)} shards.")
    place = {names[i]: i for i in range(seen)}
    whole = {
        "shard": (0, 1),
        "indices": tuple(range(seen)),
        "images": tuple(place),
        "measurements": tuple(_measurement(m, parts, place) for m in first.measurements),
    }
    return first.model_copy(update=whole), {k: _arrays(k, parts, place) for k in kinds}


def _whole(parts: Sequence[Part]) -> list[Part]:
    """The parts by number: every one of one division, just once."""
    divisions = sorted({(report.shard[1], report.asked) for report, _ in parts})
    if len(divisions) != 1:
        raise CaseFailed(f"These aren't the shards of one pass: {divisions}.")
    count = divisions[0][0]
    there = Counter(report.shard[0] for report, _ in parts)
    for k in range(count):
        if there[k] != 1:
            fault = "there twice" if there[k] else "missing"
            raise CaseFailed(f"Shard {k + 1} of {count} is {fault}.")
    return sorted(parts, key=lambda part: part[0].shard)


def _measurement(first: Any, parts: Sequence[Part], place: Mapping[str, int]) -> Any:
    """A measurement of the whole pass; `place` tells which images count, and their order."""
    every: list[tuple[ShardReport, Any]] = [(r, m) for r, _ in parts for m in r.measurements]
    found = [(r, m) for r, m in every if m.kind == first.kind]
    named = [(m.images if "images" in m.by_image else r.images, m) for r, m in found]
    update = _lists(named, place)
    if isinstance(first, RunTimes):
        update["wall_ns"] = sum(m.wall_ns for _, m in named)
    absent = next((m.absent for _, m in named if isinstance(m, ParityMeasurement) and m.absent), "")
    if absent:  # the reference of a shard failed
        return ParityMeasurement(reference=first.reference, images=(), absent=absent)
    if isinstance(first, ParityMeasurement):
        update["outputs"] = {
            name: sums.model_copy(
                update=_lists([(n, m.outputs[name]) for n, m in named if name in m.outputs], place)
            )
            for name, sums in first.outputs.items()
        }
    if isinstance(first, GalleryMeasurement):
        panels = [[(x.image, x) for x in m.panels] for _, m in named]
        update["panels"] = _in_order(panels, place)
    return first.model_copy(update=update)


def _lists(
    named: Sequence[tuple[Sequence[str], Record]], place: Mapping[str, int]
) -> dict[str, Any]:
    """Field -> list of the whole pass, of records with the names of their images.

    A list may end early: sums of outputs are there for the first images only.
    """
    return {
        field: _in_order((zip(n, getattr(m, field), strict=False) for n, m in named), place)
        for field in type(named[0][1]).by_image
    }


def _in_order(lists: Iterable[Iterable[tuple[str, T]]], place: Mapping[str, int]) -> tuple[T, ...]:
    """Values of all lists of (image, value), in the order of the images."""
    known = [(place[name], value) for pairs in lists for name, value in pairs if name in place]
    return tuple(value for _, value in sorted(known, key=lambda pair: pair[0]))


def _arrays(kind: str, parts: Sequence[Part], place: Mapping[str, int]) -> Arrays:
    """Arrays of the whole pass: every shard's rows, in the order of the images."""
    found = [(report.indices, arrays[kind]) for report, arrays in parts if kind in arrays]
    position = [np.array(at, np.int64)[a["image"].astype(np.int64)] for at, a in found]
    image = np.concatenate(position)
    order = np.argsort(image, kind="stable")
    order = order[image[order] < len(place)]
    joined = {k: np.concatenate([a[k] for _, a in found])[order] for k in found[0][1]}
    return {**joined, "image": image[order].astype(joined["image"].dtype)}
