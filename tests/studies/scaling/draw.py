"""Curves of speed-up over the number of nodes, as an SVG that needs no style sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.report.charts import svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 56, 210, 34, 48
COLOURS = ("#1b6ca8", "#c1440e", "#3a7d44", "#7a4fa3", "#8a6d00", "#555555")
FONT = "font-family:sans-serif;font-size:12px;fill:#222"


def curves(lines: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """SVG of lines of (nodes, speed-up) by name, both axes logarithmic, with the ideal dashed."""
    most = max(nodes for line in lines.values() for nodes, _ in line)
    high = max(2.0, *(y for line in lines.values() for _, y in line))

    def x(nodes: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(nodes) / math.log(most)

    def y(times: float) -> float:
        span = HEIGHT - TOP - BOTTOM
        return HEIGHT - BOTTOM - span * math.log(max(times, 0.5) / 0.5) / math.log(high / 0.5)

    parts = [svg.el("rect", width=WIDTH, height=HEIGHT, fill="white")]
    for power in range(int(math.log2(most)) + 1):
        parts += [_text(x(2**power), HEIGHT - BOTTOM + 18, str(2**power), "middle")]
        if 2**power <= high:
            at = y(2**power)
            parts += [_line(LEFT, at, WIDTH - RIGHT, at, "#dddddd"),
                      _text(LEFT - 8, at + 4, f"{2**power}", "end")]  # fmt: skip
    end = min(most, high)
    parts.append(_line(x(1), y(1), x(end), y(end), "#999999", dashed=True))
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        points = " ".join(f"{x(n):.1f},{y(s):.1f}" for n, s in line)
        key = TOP + 18 * i
        parts += [
            svg.el("polyline", points=points, fill="none", stroke=colour, stroke_width=2),
            _line(WIDTH - RIGHT + 14, key, WIDTH - RIGHT + 34, key, colour),
            _text(WIDTH - RIGHT + 40, key + 4, name, "start"),
        ]
    parts += [
        _text(LEFT - 40, 16, "speed-up over one node (dashed: ideal)", "start"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "nodes", "middle"),
    ]
    box = f"0 0 {WIDTH} {HEIGHT}"
    return svg.el("svg", *parts, xmlns="http://www.w3.org/2000/svg", viewBox=box) + "\n"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dash = "5 4" if dashed else None
    return svg.el("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, stroke_dasharray=dash)


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return svg.el("text", svg.escape(words), x=x, y=y, style=FONT, text_anchor=anchor)
