from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.suite.suite import Block, Suite
from bench.suite.sweep import Sweep, at_point
from tests import builders


def block(axis: str = "", **more: object) -> Block:
    return Block(
        model=builders.model(),
        dataset=builders.dataset(),
        variants=(builders.variant(),),
        targets=(builders.target(),),
        protocol=builders.protocol(**more),
        axis=axis,
    )


def cases(of: Block, **sweep: object):
    blocks = tuple(at_point(of, point) for point in Sweep(**sweep).points())
    return Suite(name="s", title="S", reference=builders.variant(), blocks=blocks).expand()


@given(
    st.lists(st.integers(1, 64), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True),
)
def test_several_keys_give_their_product_each_point_once(batches, threads):
    found = cases(block(), batch_size=tuple(batches), threads=tuple(threads))
    points = [(c.protocol.batch_size, c.target.threads) for c in found]
    assert points == [(b, t) for b in batches for t in threads]
    assert len({c.id for c in found}) == len(batches) * len(threads)


def test_each_key_lands_where_it_counts():
    (found,) = cases(
        block(axis="x"), scenario=("server",), batch_size=(4,), size=((256, 512),), threads=(1,),
        rate=(12.5,), corruption=("fog/3",),
    )  # fmt: skip
    p = found.protocol
    assert (p.scenario, p.batch_size, p.height, p.width) == ("server", 4, 256, 512)
    assert (p.rate, p.corruption, found.target.threads) == (12.5, "fog/3", 1)
    assert found.target.name == "cpu"
    assert found.axis == (
        "x,scenario=server,batch_size=4,size=256x512,threads=1,rate=12.5,corruption=fog-3"
    )
    assert found.id.count("/") == 4
    assert found.sweep["size"] == "256x512"
    assert found.sweep["corruption"] == "fog/3"


def test_no_corruption_can_be_a_point():
    clean, fog = cases(block(), corruption=("none", "fog/1"))
    assert (clean.protocol.corruption, fog.protocol.corruption) == ("", "fog/1")
    assert clean.axis == "corruption=none"


def test_how_a_case_was_asked_for_changes_no_fingerprint_but_its_id():
    (swept,) = cases(block(axis="a"), batch_size=(4,))
    plain = builders.case(
        protocol=builders.protocol(batch_size=4), reference=builders.variant(), axis=swept.axis
    )
    assert swept.fingerprint == plain.fingerprint


@pytest.mark.parametrize(
    "sweep",
    [
        {"batch_size": (0,)}, {"batch_size": ()}, {"batch_size": (1, 1)}, {"size": ((256,),)},
        {"rate": (0.0,)}, {"scenario": ("fast",)}, {"warmup": (1,)}, {"threads": (0,)},
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused(sweep):
    with pytest.raises(ValidationError):
        Sweep(**sweep)
