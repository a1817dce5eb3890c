"""How a number grows: one line a variant, both axes logarithmic, each line named at its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics.format import milliseconds
from bench.report.charts import svg
from bench.report.charts.tradeoff import SERIES

WIDTH, HEIGHT = 880, 380
LEFT, TOP, BOTTOM = 58, 26, 52
GAP = 16.0
"""Least distance between the names of two lines."""


@dataclass(frozen=True)
class Mark:
    """One point of a line, above 0 in both directions."""

    x: float
    text: str
    """How the x axis calls it."""
    y: float


@dataclass(frozen=True)
class Line:
    """One variant."""

    label: str
    marks: tuple[Mark, ...]
    """In the order of x; at least one."""


def draw(lines: Sequence[Line], x_title: str, y_title: str) -> tuple[str, int, int]:
    """Inner SVG, width and height, of at least one line; titles have their unit."""
    marks = [m for line in lines for m in line.marks]
    ticks = {m.x: m.text for m in sorted(marks, key=lambda m: m.x)}
    low, high = min(m.y for m in marks) / 1.2, max(m.y for m in marks) * 1.2
    right, bottom = WIDTH - 30 - max(svg.width_of(line.label) for line in lines), HEIGHT - BOTTOM
    # Half a step in from the axis.
    x = svg.logarithmic(min(ticks), max(ticks), LEFT + 24, right - 24)
    y = svg.logarithmic(low, high, bottom, TOP)
    parts = svg.levels(((t, y(t)) for t in svg.log_ticks(low, high)), LEFT, right)
    parts += _ticks({x(value): words for value, words in ticks.items()}, bottom)
    x_title, y_title = (f"{title} (logarithmic)" for title in (x_title, y_title))
    parts += svg.titles(LEFT, right, bottom, x_title, y_title, LEFT - 46)
    ends = []
    for i, line in enumerate(lines):
        at = [(x(m.x), y(m.y)) for m in line.marks]
        parts.append(svg.polyline(at, f"curve s{i % SERIES}"))
        for mark, place in zip(line.marks, at, strict=True):
            said = f"{line.label}, {mark.text}: {milliseconds(mark.y)}"
            parts.append(svg.dot(*place, 4.0, f"disc s{i % SERIES}", said))
        ends.append((*at[-1], line.label))
    return "".join([*parts, *_names(ends)]), WIDTH, HEIGHT


def _ticks(ticks: dict[float, str], bottom: float) -> list[str]:
    """A mark for each value that was measured, named where there is room."""
    parts, end = [], -math.inf
    for x, words in ticks.items():
        half = svg.width_of(words, 11.5) / 2
        parts.append(svg.line(x, bottom, x, bottom + 5, "axis"))
        if x - half > end:
            parts.append(svg.text(x, bottom + 19, words, "tick", "middle"))
            end = x + half + 6
    return parts


def _names(ends: list[tuple[float, float, str]]) -> list[str]:
    """Each line's name beside its last point, moved down where two would meet."""
    parts, floor = [], -math.inf
    for x, y, label in sorted(ends, key=lambda end: end[1]):
        floor = max(y, floor + GAP)
        aside = floor - y > GAP / 2
        if aside:
            parts.append(svg.line(x + 6, y, x + 28, floor, "leader"))
        parts.append(svg.text(x + (31 if aside else 12), floor + 4, label, "label"))
    return parts
