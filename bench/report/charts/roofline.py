"""Roofline: operations a second against operations a byte, both axes logarithmic."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics.format import percent, rate
from bench.report.charts import svg
from bench.report.charts.placing import Box, labelled
from bench.report.charts.tradeoff import SERIES

WIDTH = 880
LEFT, RIGHT, TOP, BOTTOM = 62, 22, 48, 52
RADIUS = 6.0


@dataclass(frozen=True)
class Roof:
    """Ceiling of one precision."""

    name: str
    gflops: float
    """10^9 operations a second."""


@dataclass(frozen=True)
class Dot:
    """One variant."""

    label: str
    intensity: float
    """Operations a byte."""
    gflops: float
    share: float
    """Of its bound, fraction."""
    roof: int
    """Position of its precision among the roofs."""
    wrong: bool = False


def draw(dots: Sequence[Dot], roofs: Sequence[Roof], bandwidth: float) -> tuple[str, int, int]:
    """Inner SVG, width and height; taller where its labels need it.

    Of at least one dot, all numbers above 0; dots name their roofs by position. `bandwidth`: 10^9
    bytes a second.
    """
    for height in range(420, 1300, 160):
        frame = _Frame(dots, roofs, bandwidth, height)
        labels = [
            (
                *(frame.x(d.intensity), frame.y(d.gflops), RADIUS),
                svg.marked(d.label, wrong=d.wrong),
                "label wrong" if d.wrong else "label",
            )
            for d in dots
        ]
        placed = labelled(labels, Box(LEFT + 2, TOP, WIDTH - 2, height - BOTTOM - 2))
        if placed is not None:
            return frame.body() + placed, WIDTH, height
    return _Frame(dots, roofs, bandwidth, 420).body(), WIDTH, 420


class _Frame:
    """Scales of one plot, and everything but the labels."""

    def __init__(
        self, dots: Sequence[Dot], roofs: Sequence[Roof], bandwidth: float, height: int
    ) -> None:
        self.dots, self.roofs, self.bandwidth = dots, roofs, bandwidth
        # The ridge, where the two roofs meet, always lies within the plot.
        ridges = [r.gflops / bandwidth for r in roofs]
        across = [d.intensity for d in dots] + ridges
        self.left, self.right = min(across) / 2.5, max(across) * 2.5
        upright = [d.gflops for d in dots] + [r.gflops for r in roofs]
        self.low, self.high = min(upright) / 2, max(upright) * 1.6
        self.bottom = height - BOTTOM
        self.x = svg.logarithmic(self.left, self.right, LEFT, WIDTH - RIGHT)
        self.y = svg.logarithmic(self.low, self.high, self.bottom, TOP)

    def body(self) -> str:
        """Axes, roofs, discs."""
        return "".join([*self._axes(), *self._legend(), *self._roofs(), *self._discs()])

    def _axes(self) -> list[str]:
        end, bottom = WIDTH - RIGHT, self.bottom
        upright, level = svg.log_ticks(self.low, self.high), svg.log_ticks(self.left, self.right)
        return [
            *svg.levels(((t, self.y(t)) for t in upright), LEFT, end),
            *svg.stops(((t, self.x(t)) for t in level), bottom),
            *svg.titles(LEFT, end, bottom, "operations a byte", "GFLOP/s", 4),
        ]

    def _legend(self) -> list[str]:
        parts, x = [], LEFT + 60.0
        for i, roof in enumerate(self.roofs):
            words = f"{roof.name} {rate(roof.gflops)}"
            parts.append(svg.line(x, 9, x + 18, 9, f"curve s{i % SERIES}"))
            parts.append(svg.text(x + 24, 13, words, "title"))
            x += svg.width_of(words, 12) + 44
        slope = f"level: peak of a precision, GFLOP/s; slope: memory, {rate(self.bandwidth)} GB/s"
        return [*parts, svg.text(LEFT + 60, 31, slope, "title")]

    def _roofs(self) -> list[str]:
        """From the left edge up the slope of the bandwidth to the ridge, then level."""
        parts = []
        # From the highest down, so that a lower roof's colour shows on the common slope.
        for i, roof in sorted(enumerate(self.roofs), key=lambda r: -r[1].gflops):
            start = max(self.left, self.low / self.bandwidth)
            ridge = roof.gflops / self.bandwidth
            corners = (
                (self.x(start), self.y(start * self.bandwidth)),
                (self.x(ridge), self.y(roof.gflops)),
                (WIDTH - RIGHT, self.y(roof.gflops)),
            )
            parts.append(svg.polyline(corners, f"curve s{i % SERIES}", digits=2))
        return parts

    def _discs(self) -> list[str]:
        parts = []
        for d in self.dots:
            said = f"{d.label}: {rate(d.gflops)} GFLOP/s, {percent(d.share)} of its bound"
            class_ = f"{'hollow' if d.wrong else 'disc'} s{d.roof % SERIES}"
            parts.append(svg.dot(self.x(d.intensity), self.y(d.gflops), RADIUS, class_, said))
        return parts
