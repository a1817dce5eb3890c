"""Reliability: share of right labels against their probability, one line a variant, and the diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics.format import percent
from bench.report.charts import svg
from bench.report.charts.tradeoff import SERIES

SIDE, LEFT, TOP, BOTTOM, RIGHT = 330, 58, 26, 52, 250
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Line:
    """One variant."""

    label: str
    points: tuple[tuple[float, float], ...]
    """Mean probability and share of right labels of each bin that has pixels, in its order."""


def draw(lines: Sequence[Line]) -> tuple[str, int, int]:
    """Inner SVG, width and height, of at least one line."""
    right, bottom = LEFT + SIDE, TOP + SIDE
    x, y = svg.linear(0, 1, LEFT, right), svg.linear(0, 1, bottom, TOP)
    parts = svg.levels(((t, y(t)) for t in TICKS), LEFT, right)
    parts += svg.stops(((t, x(t)) for t in TICKS), bottom)
    parts += svg.titles(
        LEFT, right, bottom, "probability of the label", "share of right labels", 12
    )
    parts.append(svg.line(x(0), y(0), x(1), y(1), "cut"))
    for i, line in enumerate(lines):
        at = [(x(a), y(b)) for a, b in line.points]
        parts.append(svg.polyline(at, f"curve s{i % SERIES}"))
        for (sure, hit), place in zip(line.points, at, strict=True):
            said = f"{line.label}: {percent(hit)} right at {percent(sure)}"
            parts.append(svg.dot(*place, 3.5, f"disc s{i % SERIES}", said))
        height = TOP + 12 + 20 * i
        parts.append(svg.line(right + 18, height, right + 40, height, f"curve s{i % SERIES}"))
        parts.append(svg.text(right + 46, height + 4, line.label, "label"))
    return "".join(parts), right + RIGHT, max(bottom + BOTTOM, TOP + 24 + 20 * len(lines))
