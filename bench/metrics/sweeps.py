"""How cost grows: rows that differ in one swept key only, and the exponent of their latency.

The exponent is the slope b of log(latency) = a + b * log(work) by least squares; its 95 % interval
is b +- t(0.975, n - 2) * s / sqrt(sum (x - mean x)^2), with s the residual standard deviation (Draper
& Smith, Applied Regression Analysis, 1998, section 1.4). 1 = twice the work takes twice the time.
What bends the line (a fixed cost, a cache that overflows) widens the interval, as noise does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.metrics.base import Metric, Row
from bench.metrics.estimate import student
from bench.suite.model import Model

WORK = {
    "batch_size": "images a call",
    "size": "pixels of the input",
    "threads": "threads",
    "rate": "arrivals a second",
}
"""Swept keys whose values are amounts -> what x is."""
COST = dict.fromkeys(WORK, "latency_p50_ms") | {"rate": "latency_under_load_p90_ms"}
"""Swept key -> metric that grows along it: under a load, what counts is waiting."""
SCALING = ("batch_size", "size", "threads")
"""Keys along which an exponent means something: a rate changes waiting, not work."""


@dataclass(frozen=True)
class Point:
    """One case on a curve."""

    x: float
    """Amount of work, in the words of `WORK`."""
    text: str
    """The value as the suite says it: `4`, `256x512`; a size that was rounded up says so."""
    row: Row
    ms: float | None
    """Latency, the metric `COST` of the key, or None."""


@dataclass(frozen=True)
class Curve:
    """One variant along one swept key, all else equal; points in the order of x."""

    key: str
    place: tuple[str, str, str, str]
    """Model, target, data set, and the rest of the axis."""
    points: tuple[Point, ...]

    @property
    def measured(self) -> tuple[Point, ...]:
        """Points with a latency."""
        return tuple(p for p in self.points if p.ms is not None and p.ms > 0)

    @property
    def exponent(self) -> Metric:
        """Exponent of latency over work, with its 95 % interval."""
        if self.key not in SCALING:
            return Metric(None, reason=f"{self.key} isn't an amount of work")
        there = self.measured
        return exponent([p.x for p in there], [p.ms or 0.0 for p in there])

    def speed_up(self, point: Point) -> Metric:
        """Median latency at the fewest threads over that at the point."""
        if self.key != "threads":
            return Metric(None, reason=f"{self.key} isn't threads")
        there = self.measured
        if not there or point not in there:
            return Metric(None, reason="not measured")
        return Metric((there[0].ms or 0.0) / (point.ms or math.nan))


def curves(rows: Sequence[Row]) -> tuple[Curve, ...]:
    """Curves with at least two different points, in the order of the rows."""
    found: dict[tuple[str, tuple[str, str, str, str], str], list[Point]] = {}
    for row in rows:
        case = row.result.case
        for key, value in case.sweep.items():
            if key not in WORK:
                continue
            rest = ",".join(p for p in case.axis.split(",") if not p.startswith(f"{key}="))
            place = (case.model.name, case.target.name, case.dataset.name, rest)
            at = found.setdefault((key, place, case.variant.slug), [])
            x, text = _amount(case.model, value)
            at.append(Point(x, text, row, row.value(COST[key])))
    return tuple(
        Curve(key, place, tuple(sorted(points, key=lambda p: (p.x, p.text))))
        for (key, place, _), points in found.items()
        if len({p.text for p in points}) > 1
    )


def exponent(work: Sequence[float], cost: Sequence[float]) -> Metric:
    """Slope of log(cost) over log(work), with its 95 % interval from three points on."""
    if len(set(work)) < 2:
        return Metric(None, reason="fewer than two points were measured")
    x, y = np.log(np.asarray(work, np.float64)), np.log(np.asarray(cost, np.float64))
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    freedom = len(work) - 2
    if freedom < 1:
        return Metric(slope, note="two points give a slope and no interval")
    residual = y - y.mean() - slope * (x - x.mean())
    error = math.sqrt(float((residual**2).sum()) / freedom / spread)
    half = student(freedom) * error
    return Metric(slope, slope - half, slope + half)


def _amount(model: Model, value: str | float) -> tuple[float, str]:
    """The value as a number and in words; a size `256x512` is the pixels that the model got."""
    if not isinstance(value, str):
        return value, f"{value:g}"
    height, width = (int(side) for side in value.split("x"))
    used = model.padded(height, width)
    rounded = "" if used == (height, width) else f" (run at {used[0]}x{used[1]})"
    return float(math.prod(used)), value + rounded
