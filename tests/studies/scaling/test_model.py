import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.scaling.model import Costs, seconds, speedup, useful

FREE = Costs(
    prepare=0, prepare_image=0, load=0, image=1, timing=0, submit=0, network=0, merge=0,
    merge_image=0,
)  # fmt: skip
REAL = Costs(
    prepare=4, prepare_image=0.05, load=1, image=0.04, timing=3, submit=0.01, network=0.02,
    merge=0.01, merge_image=1e-5,
)  # fmt: skip
SIZES = st.integers(1, 300)


def test_what_costs_only_images_scales_with_the_nodes():
    asked = {"cases": 8, "images": 64, "nodes": 8}
    assert speedup(FREE, **asked, sharded=False) == pytest.approx(8)
    assert speedup(FREE, **asked, sharded=True) == pytest.approx(8)
    assert speedup(FREE, cases=1, images=64, nodes=8, sharded=False) == pytest.approx(1)
    assert speedup(FREE, cases=1, images=64, nodes=8, sharded=True) == pytest.approx(8)


def test_one_node_adds_up():
    want = 4 + 0.05 * 10 + 3 * (1 + 0.02 + 0.04 * 10 + 3)
    assert seconds(REAL, cases=3, images=10, nodes=1, sharded=False) == pytest.approx(want)


@given(SIZES, SIZES, SIZES, st.booleans())
def test_no_run_is_faster_than_preparing_and_its_share_of_the_work(cases, images, nodes, sharded):
    found = seconds(REAL, cases=cases, images=images, nodes=nodes, sharded=sharded)
    work = cases * (REAL.image * images + REAL.timing)
    assert found >= REAL.prepare + REAL.prepare_image * images
    assert found >= work / nodes


@given(SIZES, SIZES)
def test_whole_cases_never_get_slower_with_more_nodes(cases, images):
    times = [
        seconds(REAL, cases=cases, images=images, nodes=n, sharded=False) for n in (1, 2, 4, 8, 64)
    ]
    assert times == sorted(times, reverse=True)


def test_shards_of_many_nodes_are_held_up_by_the_parent():
    asked = {"cases": 10, "images": 500, "sharded": True}
    best = min(range(1, 2000), key=lambda n: seconds(REAL, nodes=n, **asked))
    assert 1 < best < 500
    assert useful(REAL, **asked) <= best


def test_no_more_nodes_than_cases_are_useful_without_shards():
    assert useful(FREE, cases=16, images=10, sharded=False) == 32  # half of 32 nodes are idle
    assert useful(FREE, cases=1, images=10, sharded=False) == 2
