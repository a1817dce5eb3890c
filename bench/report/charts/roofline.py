"""Roofline: operations a second against operations a byte, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.report.charts import svg
from bench.report.charts.placing import Box, Spot, place
from bench.report.charts.tradeoff import SERIES
from bench.report.format import percent, rate

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
    """One form."""

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

    Args:
        dots: at least one; all numbers above 0.
        roofs: at least one; the dots name them by position.
        bandwidth: 10^9 bytes a second.
    """
    for height in range(420, 1300, 160):
        frame = _Frame(dots, roofs, bandwidth, height)
        spots = [
            Spot(frame.x(d.intensity), frame.y(d.gflops), RADIUS, svg.width_of(_words(d)) + 4)
            for d in dots
        ]
        places = place(spots, Box(LEFT + 2, TOP, WIDTH - 2, height - BOTTOM - 2))
        if places is None:
            continue
        labels = []
        for d, at in zip(dots, places, strict=True):
            if at.leader:
                labels.append(svg.line(*at.leader, class_="leader"))
            kind = "label wrong" if d.wrong else "label"
            labels.append(svg.text(at.box.x0 + 2, at.box.y1 - 3.5, _words(d), kind))
        return frame.body() + "".join(labels), WIDTH, height
    return _Frame(dots, roofs, bandwidth, 420).body(), WIDTH, 420


def _words(d: Dot) -> str:
    return f"{d.label}: wrong" if d.wrong else d.label


class _Frame:
    """Scales of one plot, and everything but the labels."""

    def __init__(
        self, dots: Sequence[Dot], roofs: Sequence[Roof], bandwidth: float, height: int
    ) -> None:
        self.dots, self.roofs, self.bandwidth, self.height = dots, roofs, bandwidth, height
        # The ridge, where the two roofs meet, is the plot's landmark: it is always in sight.
        ridges = [r.gflops / bandwidth for r in roofs]
        across = [d.intensity for d in dots] + ridges
        self.left, self.right = min(across) / 2.5, max(across) * 2.5
        upright = [d.gflops for d in dots] + [r.gflops for r in roofs]
        self.low, self.high = min(upright) / 2, max(upright) * 1.6

    def x(self, intensity: float) -> float:
        """Position of an intensity."""
        share = math.log(intensity / self.left) / math.log(self.right / self.left)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, gflops: float) -> float:
        """Position of operations a second."""
        share = math.log(gflops / self.low) / math.log(self.high / self.low)
        return self.height - BOTTOM - share * (self.height - BOTTOM - TOP)

    def body(self) -> str:
        """Axes, roofs, discs."""
        return "".join([*self._axes(), *self._legend(), *self._roofs(), *self._discs()])

    def _axes(self) -> list[str]:
        end, bottom = WIDTH - RIGHT, self.height - BOTTOM
        parts = []
        for tick in svg.log_ticks(self.low, self.high):
            y = self.y(tick)
            parts.append(svg.line(LEFT, y, end, y, "grid"))
            parts.append(svg.text(LEFT - 8, y + 4, f"{tick:g}", "tick", "end"))
        for tick in svg.log_ticks(self.left, self.right):
            x = self.x(tick)
            parts.append(svg.line(x, bottom, x, bottom + 5, "axis"))
            parts.append(svg.text(x, bottom + 19, f"{tick:g}", "tick", "middle"))
        middle = (LEFT + end) / 2
        return [
            *parts,
            svg.line(LEFT, bottom, end, bottom, "axis"),
            svg.text(4, 13, "GFLOP/s", "title"),
            svg.text(middle, self.height - 8, "operations a byte", "title", "middle"),
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
        # From the highest down, so that a lower roof's colour stays in sight on the common slope.
        for i, roof in sorted(enumerate(self.roofs), key=lambda r: -r[1].gflops):
            start = max(self.left, self.low / self.bandwidth)
            ridge = roof.gflops / self.bandwidth
            corners = (
                (self.x(start), self.y(start * self.bandwidth)),
                (self.x(ridge), self.y(roof.gflops)),
                (WIDTH - RIGHT, self.y(roof.gflops)),
            )
            path = " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
            parts.append(svg.el("polyline", points=path, class_=f"curve s{i % SERIES}"))
        return parts

    def _discs(self) -> list[str]:
        parts = []
        for d in self.dots:
            said = f"{d.label}: {rate(d.gflops)} GFLOP/s, {percent(d.share)} of its bound"
            parts.append(
                svg.el(
                    "circle",
                    svg.el("title", svg.escape(said)),
                    cx=self.x(d.intensity),
                    cy=self.y(d.gflops),
                    r=RADIUS,
                    class_=f"{'hollow' if d.wrong else 'disc'} s{d.roof % SERIES}",
                )
            )
        return parts
