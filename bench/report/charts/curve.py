"""How a number grows: one line a variant, both axes logarithmic, each line named at its end."""

from __future__ import annotations

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
    """Inner SVG, width and height.

    Args:
        lines: at least one.
        x_title: what x is, with its unit.
        y_title: what y is, with its unit.
    """
    frame = _Frame(lines)
    parts = [*frame.axes(x_title, y_title)]
    for i, line in enumerate(lines):
        parts += _line(frame, line, i % SERIES)
    return "".join([*parts, *_names(frame, lines)]), WIDTH, HEIGHT


class _Frame:
    """Scales of one plot."""

    def __init__(self, lines: Sequence[Line]) -> None:
        marks = [m for line in lines for m in line.marks]
        self.ticks = {m.x: m.text for m in sorted(marks, key=lambda m: m.x)}
        self.low, self.high = min(m.y for m in marks) / 1.2, max(m.y for m in marks) * 1.2
        self.right = WIDTH - 30 - max(svg.width_of(line.label) for line in lines)

    def x(self, value: float) -> float:
        """Position of a value, logarithmic, half a step in from the axis."""
        first, last = min(self.ticks), max(self.ticks)
        share = svg.share(value, first, last) if last > first else 0.5
        return LEFT + 24 + share * (self.right - LEFT - 48)

    def y(self, value: float) -> float:
        """Position of a value, logarithmic."""
        return HEIGHT - BOTTOM - svg.share(value, self.low, self.high) * (HEIGHT - BOTTOM - TOP)

    def axes(self, x_title: str, y_title: str) -> list[str]:
        """Grid, ticks and titles; a tick stands where a value was measured."""
        bottom, end = HEIGHT - BOTTOM, -math.inf
        ticks = svg.log_ticks(self.low, self.high)
        parts = svg.levels(((t, self.y(t)) for t in ticks), LEFT, self.right)
        for value, words in self.ticks.items():
            x, half = self.x(value), svg.width_of(words, 11.5) / 2
            parts.append(svg.line(x, bottom, x, bottom + 5, "axis"))
            if x - half > end:
                parts.append(svg.text(x, bottom + 19, words, "tick", "middle"))
                end = x + half + 6
        x_title, y_title = (f"{title} (logarithmic)" for title in (x_title, y_title))
        return [*parts, *svg.titles(LEFT, self.right, bottom, x_title, y_title, LEFT - 46)]


def _line(frame: _Frame, line: Line, series: int) -> list[str]:
    at = [(frame.x(m.x), frame.y(m.y)) for m in line.marks]
    parts = [svg.polyline(at, f"curve s{series}")]
    for mark, (x, y) in zip(line.marks, at, strict=True):
        said = f"{line.label}, {mark.text}: {milliseconds(mark.y)}"
        parts.append(svg.dot(x, y, 4.0, f"disc s{series}", said))
    return parts


def _names(frame: _Frame, lines: Sequence[Line]) -> list[str]:
    """Each line's name beside its last point, moved down where two would meet."""
    parts, floor = [], -math.inf
    for line in sorted(lines, key=lambda line: frame.y(line.marks[-1].y)):
        x, y = frame.x(line.marks[-1].x), frame.y(line.marks[-1].y)
        shown = max(y, floor + GAP)
        floor = shown
        aside = shown - y > GAP / 2
        if aside:
            parts.append(svg.line(x + 6, y, x + 28, shown, "leader"))
        parts.append(svg.text(x + (31 if aside else 12), shown + 4, line.label, "label"))
    return parts
