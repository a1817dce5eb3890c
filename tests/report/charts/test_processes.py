from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from bench.report.charts.processes import Line, draw


def parsed(*lines):
    svg, width, height = draw(lines)
    return ET.fromstring(f"<svg>{svg}</svg>"), width, height  # noqa: S314


def test_dots_stand_where_their_process_does():
    root, *_ = parsed(Line("a", (0.9, 1.0, 1.1), (0.95, 1.05)))
    low, middle, high = (float(c.get("cx")) for c in root.findall("circle"))
    assert high - middle == pytest.approx(middle - low, abs=0.1)
    bar = root.find("rect")
    assert float(bar.get("width")) == pytest.approx((high - low) / 2, abs=0.1)


def test_nothing_leaves_the_drawing():
    root, width, _ = parsed(Line("a", (0.5, 9.0), (0.01, 99.0)), Line("b", (1.0, 1.0), None))
    for circle in root.findall("circle"):
        assert 0 < float(circle.get("cx")) < width
    bar = root.find("rect")
    assert float(bar.get("x")) + float(bar.get("width")) <= width


def test_little_scatter_looks_little():
    root, width, _ = parsed(Line("a", (0.999, 1.001), None))
    first, last = (float(c.get("cx")) for c in root.findall("circle"))
    assert last - first < width / 10


def test_names_are_escaped_and_wrong_ones_say_so():
    root, *_ = parsed(Line("<b>", (1.0, 1.01), None, wrong=True))
    assert "<b>: wrong" in [t.text for t in root.findall("text")]
