from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from bench.report.charts.placing import Box, Spot, place

BOUNDS = Box(0, 0, 800, 600)
SPOTS = st.lists(
    st.builds(Spot, st.floats(50, 750), st.floats(30, 570), st.floats(3, 17), st.floats(40, 180)),
    max_size=14,
)


@given(SPOTS)
def test_labels_overlap_neither_each_other_nor_any_disc(spots):
    places = place(spots, BOUNDS)
    if places is None:
        return
    assert len(places) == len(spots)
    for a, b in combinations(places, 2):
        assert not a.box.overlaps(b.box, gap=0)
    for found in places:
        assert found.box.within(BOUNDS)
        assert not any(found.box.overlaps(s.box, gap=0) for s in spots)


def test_a_crowd_of_equal_points_still_gets_its_labels():
    places = place([Spot(400, 300, 8, 150)] * 8, BOUNDS)
    assert places is not None
    assert sum(p.leader is not None for p in places) >= 2


def test_too_small_a_frame_is_told():
    assert place([Spot(10, 10, 5, 100)], Box(0, 0, 50, 50)) is None
