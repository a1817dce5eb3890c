"""Accuracy against latency; a disc's area is the size of the file."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics.format import milliseconds, points, points_short
from bench.report.charts import svg
from bench.report.charts.placing import Box, Label, labelled

WIDTH = 880
LEFT, RIGHT, TOP, LANE, BOTTOM = 58, 22, 22, 58, 52
CROWD = 40
"""Points of which each gets a label; of more, those that nothing beats."""
SERIES = 6
"""Colours; a seventh model would take the first again."""


@dataclass(frozen=True)
class Point:
    """One variant."""

    label: str
    ms: float
    accuracy: float
    """Fraction."""
    low: float
    """Lower end of the interval of accuracy; the value itself without an interval."""
    high: float
    size: float | None
    """Bytes of the file."""
    wrong: bool
    best: bool
    """Whether nothing beats it."""
    series: int = 0
    """Its model's number."""


def draw(found: Sequence[Point], names: Sequence[str], label: str) -> tuple[str, int, int]:
    """Inner SVG, width and height of the plot of an accuracy; taller where its labels need it."""
    for height in range(440, 1700, 180):
        frame = _Frame(found, names, height, label)
        bounds = Box(LEFT + 2, TOP + frame.legend, WIDTH - 2, height - BOTTOM + 2)
        placed = labelled([frame.named(p) for p in found if len(found) <= CROWD or p.best], bounds)
        if placed is not None:
            return frame.body(placed), WIDTH, height
    return _Frame(found, names, 440, label).body(""), WIDTH, 440


class _Frame:
    """Scales of one plot, and everything but the labels."""

    def __init__(
        self, found: Sequence[Point], names: Sequence[str], height: int, label: str
    ) -> None:
        self.found, self.names, self.label = found, names, label
        self.legend = 24 if len(names) > 1 else 0
        good = [p for p in found if not p.wrong] or list(found)
        low = min(p.low for p in good)
        high = max([p.high for p in good] + [p.accuracy for p in found])
        pad = max((high - low) * 0.12, 0.004)
        self.low, self.high = max(low - pad, 0.0), min(high + pad, 1.0)
        self.lane = LANE if any(p.accuracy < self.low for p in found) else 0
        times = [p.ms for p in found]
        self.fast, self.slow = min(times) / 1.25, max(times) * 1.25
        self.largest = max((p.size or 0 for p in found), default=0)
        self.bottom = height - BOTTOM
        self.floor = self.bottom - self.lane
        self.x = svg.logarithmic(self.fast, self.slow, LEFT, WIDTH - RIGHT)
        self.at = svg.linear(self.low, self.high, self.floor, TOP + self.legend)

    def y(self, p: Point) -> float:
        """Position of a variant: those below the scale stand in the lane under it."""
        return self.bottom - self.lane / 2 if p.accuracy < self.low else self.at(p.accuracy)

    def radius(self, p: Point) -> float:
        """Radius whose area follows the size of the file."""
        if not p.size or not self.largest:
            return 4.0
        return max(4.0, 17 * math.sqrt(p.size / self.largest))

    def named(self, p: Point) -> Label:
        """Disc and label: wrong ones say so, and their accuracy where they stand off the scale."""
        words = svg.marked(p.label, wrong=p.wrong)
        if p.wrong and p.accuracy < self.low:
            words += f", {points_short(p.accuracy)}"
        kind = "label best" if p.best else "label wrong" if p.wrong else "label"
        return self.x(p.ms), self.y(p), self.radius(p), words, kind

    def body(self, labels: str) -> str:
        """Axes, discs, labels."""
        return "".join([*self._axes(), *self._legend(), *self._discs(), labels])

    def _axes(self) -> list[str]:
        right, bottom = WIDTH - RIGHT, self.bottom
        upright = svg.linear_ticks(100 * self.low, 100 * self.high)
        level = svg.log_ticks(self.fast, self.slow)
        parts = [
            *svg.levels(((t, self.at(t / 100)) for t in upright), LEFT, right),
            *svg.stops(((t, self.x(t)) for t in level), bottom),
        ]
        if self.lane:
            parts += [
                svg.line(LEFT, self.floor, right, self.floor, "cut"),
                svg.text(right, self.floor + 13, "below the scale", "tick", "end"),
            ]
        x_title, y_title = "latency p50, ms (logarithmic)", f"{self.label}, %"
        return [*parts, *svg.titles(LEFT, right, bottom, x_title, y_title, LEFT - 46)]

    def _legend(self) -> list[str]:
        parts, x = [], float(LEFT + 60)
        for i, name in enumerate(self.names if self.legend else ()):
            parts.append(svg.el("circle", cx=x, cy=9, r=5, class_=f"disc s{i % SERIES}"))
            parts.append(svg.text(x + 10, 13, name, "title"))
            x += svg.width_of(name) + 34
        return parts

    def _discs(self) -> list[str]:
        parts = []
        for p in sorted(self.found, key=lambda p: -(p.size or 0)):
            x, y = self.x(p.ms), self.y(p)
            if p.high > p.low and p.accuracy >= self.low:
                parts.append(
                    svg.line(x, self.at(p.high), x, self.at(max(p.low, self.low)), "whisker")
                )
            said = f"{p.label}: {self.label} {points(p.accuracy)} at {milliseconds(p.ms)} ms"
            class_ = f"{'hollow' if p.wrong else 'disc'} s{p.series % SERIES}"
            parts.append(svg.dot(x, y, self.radius(p), class_, said))
        return parts
