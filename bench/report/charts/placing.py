"""Places for labels beside points, such that nothing overlaps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.report.charts import svg

ANGLES = (0, 180, 45, -45, 135, -135, 90, -90, 22, -22, 158, -158, 67, -67, 113, -113)
RINGS = (4, 10, 18, 28, 40, 54, 70, 90, 115, 145, 180, 220, 270, 330)
HEIGHT = 15.0
"""Height of a label's box."""


@dataclass(frozen=True)
class Box:
    """A rectangle, x to the right, y down."""

    x0: float
    y0: float
    x1: float
    y1: float

    def overlaps(self, other: Box, gap: float = 1.0) -> bool:
        """Whether less than `gap` lies between the two."""
        return (
            self.x0 < other.x1 + gap
            and other.x0 < self.x1 + gap
            and self.y0 < other.y1 + gap
            and other.y0 < self.y1 + gap
        )

    def within(self, other: Box) -> bool:
        """Whether it lies wholly in the other."""
        return (
            other.x0 <= self.x0
            and self.x1 <= other.x1
            and other.y0 <= self.y0
            and self.y1 <= other.y1
        )


@dataclass(frozen=True)
class Spot:
    """A disc that wants a label of some width."""

    x: float
    y: float
    radius: float
    width: float

    @property
    def box(self) -> Box:
        """Square around the disc."""
        r = self.radius
        return Box(self.x - r, self.y - r, self.x + r, self.y + r)


@dataclass(frozen=True)
class Place:
    """Where a label stands, and the line that leads to it where it stands off."""

    box: Box
    leader: tuple[float, float, float, float] | None


Label = tuple[float, float, float, str, str]
"""x, y and radius of a disc, its label's words and their class."""


def labelled(labels: Sequence[Label], bounds: Box) -> str | None:
    """SVG of the labels, with the lines that lead to them; None where the bounds are too small."""
    places = place([Spot(x, y, r, svg.width_of(words) + 4) for x, y, r, words, _ in labels], bounds)
    if places is None:
        return None
    parts = []
    for (*_, words, class_), at in zip(labels, places, strict=True):
        if at.leader:
            parts.append(svg.line(*at.leader, class_="leader"))
        parts.append(svg.text(at.box.x0 + 2, at.box.y1 - 3.5, words, class_))
    return "".join(parts)


def place(spots: list[Spot], bounds: Box) -> list[Place] | None:
    """A place for each spot's label, in order; None where the bounds are too small.

    No label overlaps another or a disc. Greedy, from the nearest place outwards; a leader crosses
    a label only where a crowd leaves no other way out.
    """
    discs = [s.box for s in spots]
    placed: dict[int, Place] = {}
    # The tightest spots choose first: those with the most neighbours.
    order = sorted(range(len(spots)), key=lambda i: (-_crowd(spots, i), spots[i].y, spots[i].x))
    for index in order:
        found = _first(spots[index], discs, list(placed.values()), bounds)
        if found is None:
            return None
        placed[index] = found
    return [placed[i] for i in range(len(spots))]


def _crowd(spots: list[Spot], index: int) -> int:
    me = spots[index]
    return sum(abs(s.x - me.x) < 120 and abs(s.y - me.y) < 40 for s in spots)


def _first(spot: Spot, discs: list[Box], placed: list[Place], bounds: Box) -> Place | None:
    crossing = None
    for ring in RINGS:
        for angle in ANGLES:
            found = _candidate(spot, ring, math.radians(angle))
            if not found.box.within(bounds) or _taken(found.box, discs, placed):
                continue
            if not any(_tangled(found, other) for other in placed):
                return found
            crossing = crossing or found
    return crossing


def _candidate(spot: Spot, ring: float, angle: float) -> Place:
    """Label whose near edge lies `ring` beyond the disc in a direction."""
    reach = spot.radius + ring
    x, y = spot.x + reach * math.cos(angle), spot.y - reach * math.sin(angle)
    cos = math.cos(angle)
    left = x if cos > 0.3 else x - spot.width if cos < -0.3 else x - spot.width / 2
    top = y - HEIGHT / 2 - HEIGHT / 2 * math.sin(angle)
    box = Box(left, top, left + spot.width, top + HEIGHT)
    edge = spot.x + spot.radius * math.cos(angle), spot.y - spot.radius * math.sin(angle)
    return Place(box, (*edge, x, y) if ring > 10 else None)


def _taken(box: Box, discs: list[Box], placed: list[Place]) -> bool:
    return any(box.overlaps(d) for d in discs) or any(box.overlaps(p.box) for p in placed)


def _tangled(a: Place, b: Place) -> bool:
    return _crosses(a.leader, b.box) or _crosses(b.leader, a.box)


def _crosses(leader: tuple[float, float, float, float] | None, box: Box) -> bool:
    if leader is None:
        return False
    x0, y0, x1, y1 = leader
    # Liang and Barsky: the part of the segment that lies within each pair of parallel sides.
    enter, leave = 0.0, 1.0
    for start, step, low, high in ((x0, x1 - x0, box.x0, box.x1), (y0, y1 - y0, box.y0, box.y1)):
        if step == 0:
            if not low <= start <= high:
                return False
            continue
        ends = (low - start) / step, (high - start) / step
        enter, leave = max(enter, min(ends)), min(leave, max(ends))
    return enter <= leave
