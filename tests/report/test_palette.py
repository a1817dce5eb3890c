from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.report.palette import colours, css
from bench.suite.classes import CITYSCAPES


def test_cityscapes_classes_keep_their_colours():
    names = tuple(c.name for c in CITYSCAPES)
    assert colours(names) == tuple(c.colour for c in CITYSCAPES)


@given(st.lists(st.text(max_size=5) | st.sampled_from(["road", "car"]), min_size=1, max_size=200))
def test_no_colour_is_given_twice(names):
    assert len(set(colours(tuple(names)))) == len(names)


def test_css():
    assert css((0, 128, 255)) == "#0080ff"
