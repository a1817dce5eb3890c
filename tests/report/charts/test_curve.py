from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import pytest

from bench.report.charts.curve import GAP, Line, Mark, draw


def line(label, *ys):
    return Line(label, tuple(Mark(2.0**i, str(2**i), y) for i, y in enumerate(ys)))


def parsed(*lines):
    svg, width, height = draw(lines, "images a call", "latency p50, ms")
    return ET.fromstring(f"<svg>{svg}</svg>"), width, height  # noqa: S314


def test_a_power_law_is_a_straight_line():
    root, width, height = parsed(line("a", 10.0, 20.0, 40.0))
    at = [(float(c.get("cx")), float(c.get("cy"))) for c in root.findall("circle")]
    (x0, y0), (x1, y1), (x2, y2) = at
    assert x2 - x1 == pytest.approx(x1 - x0, abs=0.02)
    assert y2 - y1 == pytest.approx(y1 - y0, abs=0.02)
    assert y2 < y0
    assert all(0 < x < width and 0 < y < height for x, y in at)


def test_names_stand_apart_and_within():
    names = [f"a form of a long name {i}" for i in range(6)]
    root, width, _ = parsed(*(line(n, 10.0, 20.0 + i / 100) for i, n in enumerate(names)))
    texts = [t for t in root.findall("text") if t.text in names]
    ys = sorted(float(t.get("y")) for t in texts)
    assert len(ys) == 6
    assert all(b - a >= GAP - 0.01 for a, b in itertools.pairwise(ys))
    assert all(float(t.get("x")) < width - 100 for t in texts)


def test_each_value_that_was_measured_has_its_tick_and_words_are_escaped():
    root, *_ = parsed(line("<b>", 10.0, 20.0), line("c", 5.0, 6.0, 7.0))
    texts = [t.text for t in root.findall("text")]
    assert {"1", "2", "4", "<b>"} <= set(texts)
    assert len(root.findall("polyline")) == 2


def test_one_point_is_drawn():
    root, *_ = parsed(line("a", 10.0))
    assert len(root.findall("circle")) == 1
