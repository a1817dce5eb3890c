from __future__ import annotations

from xml.etree import ElementTree as ET

from bench.report.charts.phases import Bar, draw

PHASES = [(0, "decode"), (3, "forward")]


def parsed(bars):
    svg, width, height = draw(bars, PHASES)
    return ET.fromstring(f"<svg>{svg}</svg>"), width, height  # noqa: S314


def test_stretches_are_as_long_as_their_phases():
    root, *_ = parsed([Bar("a", (10.0, 30.0), 40.0), Bar("b", (5.0, 15.0), 20.0)])
    widths = [float(r.get("width")) + 2 for r in root.findall("rect")[2:]]
    assert [round(w / widths[3] * 15) for w in widths] == [10, 30, 5, 15]


def test_a_very_long_bar_is_cut_and_says_so():
    bars = [Bar("a", (1.0, 9.0), 10.0), Bar("b", (1.0, 11.0), 12.0), Bar("c", (1.0, 999.0), 1000.0)]
    root, width, _ = parsed(bars)
    assert len(root.findall("polyline")) == 2
    assert any("bar cut" in (t.text or "") for t in root.findall("text"))
    for stretch in root.findall("rect"):
        assert float(stretch.get("x")) + float(stretch.get("width")) <= width


def test_names_are_escaped_and_wrong_ones_say_so():
    root, *_ = parsed([Bar("<b>", (1.0, 2.0), 3.0, wrong=True)])
    assert "<b>: wrong" in [t.text for t in root.findall("text")]
