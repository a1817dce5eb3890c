"""Where the time of a call goes: one bar a variant, one stretch a phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.metrics.format import milliseconds
from bench.report.charts import svg

WIDTH, ROW, BAR, LEGEND, BOTTOM = 880, 30, 18, 34, 40
CUT = 3.0
"""A bar longer than so many times the median is cut, so that it doesn't hide all others."""


@dataclass(frozen=True)
class Bar:
    """One variant: time of each phase, and of the whole call as it was measured."""

    label: str
    phases_ms: tuple[float, ...]
    total_ms: float
    wrong: bool = False


def draw(bars: Sequence[Bar], phases: Sequence[tuple[int, str]]) -> tuple[str, int, int]:
    """Inner SVG, width and height; `phases`: colour and name, in the order of the bars' times."""
    height = LEGEND + ROW * len(bars) + BOTTOM
    left = max(svg.width_of(svg.marked(b.label, wrong=b.wrong)) for b in bars) + 16
    right = 130.0
    limit = _limit([max(b.total_ms, sum(b.phases_ms)) for b in bars])
    scale = (WIDTH - left - right) / limit
    bottom = height - BOTTOM
    ticks = ((f"{t:g}", left + t * scale) for t in svg.linear_ticks(0, limit))
    parts = [
        *_legend(phases, left),
        *svg.columns(ticks, LEGEND, bottom),
        svg.text(left, bottom + 34, "median time of each phase, ms", "title"),
    ]
    colours = [c for c, _ in phases]
    for i, bar in enumerate(bars):
        parts += _bar(bar, colours, LEGEND + i * ROW + (ROW - BAR) / 2, left, scale, limit)
    return "".join(parts), WIDTH, height


def _limit(totals: list[float]) -> float:
    """Longest time that is drawn."""
    middle = median(totals)
    whole = [t for t in totals if t <= CUT * middle]
    longest = max(whole or totals)
    return longest * (1.12 if len(whole) < len(totals) else 1.0) or 1.0


def _legend(phases: Sequence[tuple[int, str]], left: float) -> list[str]:
    parts, x = [], left
    for colour, name in phases:
        parts.append(svg.el("rect", x=x, y=4, width=12, height=12, rx=2, class_=f"disc p{colour}"))
        parts.append(svg.text(x + 17, 14, name, "title"))
        x += svg.width_of(name) + 38
    return parts


def _bar(
    bar: Bar, colours: list[int], top: float, left: float, scale: float, limit: float
) -> list[str]:
    label = svg.marked(bar.label, wrong=bar.wrong)
    parts = [svg.text(left - 10, top + BAR - 5, label, "label", "end")]
    x, end = left, left + limit * scale
    whole = max(bar.total_ms, sum(bar.phases_ms))
    cut = whole > limit
    # A cut bar keeps the shares of its phases, so that it still tells where its time goes.
    scale = scale * limit / whole if cut else scale
    for colour, ms in zip(colours, bar.phases_ms, strict=True):
        wide = ms * scale
        if wide > 0:
            # Two units of background between stretches keep neighbours apart without an outline.
            shown = max(wide - 2, min(wide, 1.0))
            class_ = f"disc p{colour}"
            parts.append(svg.el("rect", x=x, y=top, width=shown, height=BAR, rx=2, class_=class_))
        x += max(wide, 0)
    if cut:
        for shift in (-9, -4):
            corners = (end + shift, top + BAR + 3), (end + shift + 5, top - 3)
            parts.append(svg.polyline(corners, "torn"))
    said = f"{milliseconds(bar.total_ms)} ms" + (" (bar cut)" if cut else "")
    parts.append(svg.text(min(x, end) + 8, top + BAR - 5, said, "label"))
    return parts
