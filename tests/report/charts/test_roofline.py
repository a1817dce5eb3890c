from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bench.report.charts.roofline import Dot, Roof, draw

ROOFS = (Roof("fp32", 200.0), Roof("int8", 800.0))


def dot(label="a", intensity=10.0, gflops=50.0, *, roof=0, wrong=False):
    return Dot(label, intensity, gflops, 0.5, roof, wrong)


def parsed(dots, roofs=ROOFS, bandwidth=20.0):
    svg, width, height = draw(dots, roofs, bandwidth)
    return ET.fromstring(f"<svg>{svg}</svg>"), width, height  # noqa: S314


@given(
    st.lists(
        st.builds(
            dot,
            st.text("abcdefgh <&", min_size=1, max_size=24),
            st.floats(0.01, 1e4),
            st.floats(1e-3, 1e5),
            roof=st.integers(0, 1),
            wrong=st.booleans(),
        ),
        min_size=1,
        max_size=10,
    ),
    st.floats(0.5, 5000),
)
def test_any_dots_give_a_drawing_within_its_frame(dots, bandwidth):
    root, width, height = parsed(dots, bandwidth=bandwidth)
    discs = root.findall("circle")
    assert len(discs) == len(dots)
    for disc in discs:
        assert 0 <= float(disc.get("cx")) <= width
        assert 0 <= float(disc.get("cy")) <= height
    for line in root.findall("polyline"):
        for corner in line.get("points").split():
            x, y = map(float, corner.split(","))
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1


def test_each_roof_rises_with_the_bandwidth_and_is_level_from_its_ridge_on():
    root, *_ = parsed([dot()])
    corners = {}
    for line in root.findall("polyline"):
        points = [tuple(map(float, c.split(","))) for c in line.get("points").split()]
        corners[line.get("class")] = points
    low, high = corners["curve s0"], corners["curve s1"]
    assert low[0] == high[0]
    assert low[1][1] == low[2][1] > high[1][1] == high[2][1]
    slopes = [(p[1][1] - p[0][1]) / (p[1][0] - p[0][0]) for p in (low, high)]
    assert abs(slopes[0] - slopes[1]) < 0.01
    assert slopes[0] < 0  # y grows downwards


def test_a_form_at_its_bound_touches_the_roof():
    root, *_ = parsed([dot("ridge", 10.0, 200.0)])
    (disc,) = root.findall("circle")
    ridge = next(
        line.get("points").split()[1]
        for line in root.findall("polyline")
        if line.get("class") == "curve s0"
    )
    assert ridge == f"{float(disc.get('cx')):.2f},{float(disc.get('cy')):.2f}"


def test_the_legend_names_the_peaks_and_wrong_forms_are_hollow():
    root, *_ = parsed([dot(), dot("bad", 20, 60, roof=1, wrong=True)])
    said = [t.text for t in root.findall("text")]
    assert {"fp32 200", "int8 800", "bad: wrong"} <= set(said)
    assert [c.get("class") for c in root.findall("circle")] == ["disc s0", "hollow s1"]


def test_the_drawing_is_the_same_each_time():
    dots = [dot(str(i), 10 + i, 50 + i) for i in range(6)]
    assert draw(dots, ROOFS, 20.0) == draw(dots, ROOFS, 20.0)
