"""What processes differ by: one row a variant, one dot a process, a bar for the interval over them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.metrics.format import MINUS
from bench.report.charts import svg

WIDTH, ROW, TOP, BOTTOM, RIGHT, DOT, BAR = 880, 30, 10, 40, 40.0, 4.5, 16
X_TITLE = "median of a process beside its case's, %"
LEAST = 0.02
"""The axis reaches at least 2 % to either side: small scatter shall look small."""
MOST = 1.0
"""And at most 100 %: a process beyond stands at the edge."""


@dataclass(frozen=True)
class Line:
    """One variant: each process's median over the case's, and the interval likewise."""

    label: str
    medians: tuple[float, ...]
    ends: tuple[float, float] | None
    wrong: bool = False


def draw(lines: Sequence[Line]) -> tuple[str, int, int]:
    """Inner SVG, width and height."""
    height = TOP + ROW * len(lines) + BOTTOM
    left = max(svg.width_of(svg.marked(x.label, wrong=x.wrong)) for x in lines) + 16
    reach = _reach(lines)
    scale = (WIDTH - left - RIGHT) / (2 * reach)
    centre = left + reach * scale
    bottom = height - BOTTOM
    ticks = svg.linear_ticks(-100 * reach, 100 * reach)
    said = (f"{t:+g}".replace("-", MINUS) if t else "0" for t in ticks)
    at = (centre + t / 100 * scale for t in ticks)
    parts = [
        *svg.columns(zip(said, at, strict=True), TOP, bottom),
        svg.text(centre, bottom + 34, X_TITLE, "title", "middle"),
    ]
    for i, line in enumerate(lines):
        middle = TOP + (i + 0.5) * ROW
        label = svg.marked(line.label, wrong=line.wrong)
        parts.append(svg.text(left - 10, middle + 4, label, "label", "end"))
        if line.ends:
            low, high = (centre + _held(e, reach) * scale for e in line.ends)
            parts.append(
                svg.el(
                    "rect", x=low, y=middle - BAR / 2, width=max(high - low, 1.0), height=BAR, rx=2,
                    class_="disc s0", opacity=0.3,
                )
            )  # fmt: skip
        for median in line.medians:
            x = centre + _held(median, reach) * scale
            parts.append(svg.el("circle", cx=x, cy=middle, r=DOT, class_="disc s0"))
    return "".join(parts), WIDTH, height


def _reach(lines: Sequence[Line]) -> float:
    """How far from the middle the axis reaches, a fraction: to the farthest process and interval."""
    every: list[float] = [v for x in lines for v in (*x.medians, *(x.ends or ()))]
    return min(max(LEAST, 1.05 * max(abs(v - 1) for v in every)), MOST)


def _held(value: float, reach: float) -> float:
    return min(max(value - 1, -reach), reach)
