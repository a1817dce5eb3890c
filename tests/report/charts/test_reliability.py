from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from bench.report.charts.reliability import SIDE, Line, draw


def test_a_reliable_line_lies_on_the_diagonal() -> None:
    svg, width, height = draw([
        Line("a", ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0))),
        Line("<b>", ((0.9, 0.6),)),
    ])
    root = ET.fromstring(f"<svg>{svg}</svg>")  # noqa: S314
    at = [(float(c.get("cx")), float(c.get("cy"))) for c in root.findall("circle")]
    (cut,) = [e for e in root.findall("line") if e.get("class") == "cut"]
    ends = [tuple(float(cut.get(k)) for k in pair) for pair in (("x1", "y1"), ("x2", "y2"))]
    assert at[0] == pytest.approx(ends[0])
    assert at[2] == pytest.approx(ends[1])
    assert at[2][0] - at[0][0] == pytest.approx(SIDE)
    assert at[3][1] > ends[1][1]
    assert all(0 < x < width and 0 < y < height for x, y in at)
    assert {"a", "<b>"} <= {t.text for t in root.findall("text")}
