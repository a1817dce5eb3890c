from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bench.report.charts.tradeoff import Point, draw


def point(label="a", ms=10.0, accuracy=0.6, *, wrong=False, size=1e6, series=0, spread=0.01):
    return Point(
        label,
        ms,
        accuracy,
        accuracy - spread,
        accuracy + spread,
        size,
        wrong,
        best=False,
        series=series,
    )


def parsed(found, names=("m",)):
    svg, width, height = draw(found, names, "mIoU")
    return ET.fromstring(f"<svg>{svg}</svg>"), width, height  # noqa: S314


@given(
    st.lists(
        st.builds(
            point,
            st.text("abcdefgh <&", min_size=1, max_size=24),
            st.floats(0.5, 5000),
            st.floats(0.02, 0.98),
            wrong=st.booleans(),
            size=st.none() | st.floats(1e3, 1e9),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_any_points_give_a_drawing_within_its_frame(found):
    root, width, height = parsed(found)
    discs = root.findall("circle")
    assert len(discs) == len(found)
    for disc in discs:
        assert 0 <= float(disc.get("cx")) <= width
        assert 0 <= float(disc.get("cy")) <= height


def test_wrong_forms_are_hollow_and_stand_below_the_scale():
    found = [point("a", 10), point("b", 20), point("bad", 30, 0.2, wrong=True)]
    root, _, height = parsed(found)
    hollow = [c for c in root.findall("circle") if c.get("class").startswith("hollow")]
    assert len(hollow) == 1
    assert float(hollow[0].get("cy")) > height - 110
    assert "bad: wrong, 20.0" in [t.text for t in root.findall("text")]


def test_the_area_of_a_disc_follows_the_size():
    root, *_ = parsed([point("a", 10, size=4e6), point("b", 40, size=1e6)])
    radii = sorted(float(c.get("r")) for c in root.findall("circle"))
    assert abs(radii[1] / radii[0] - 2) < 0.01


def test_the_drawing_is_the_same_each_time():
    found = [point(str(i), 10 + i, 0.6 + i / 100) for i in range(8)]
    assert draw(found, ["m"], "mIoU") == draw(found, ["m"], "mIoU")
