from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from bench.gate.limits import by_margin, by_ratio

ends = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)
ratios = st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)).map(sorted)
MIRROR = {"improved": "regressed", "regressed": "improved"}


@given(ends, st.floats(0, 0.5))
def test_margin_is_symmetric(interval, margin):
    low, high = interval
    kind = by_margin(low, high, margin)
    assert by_margin(-high, -low, margin) == MIRROR.get(kind, kind)


@given(ends, st.floats(0, 0.5))
def test_an_interval_that_reaches_the_margin_never_regresses(interval, margin):
    low, high = interval
    assert (by_margin(low, high, margin) == "regressed") == (high < -margin)


@given(ratios, st.floats(1.01, 3))
def test_ratio_is_symmetric_under_exchange(interval, limit):
    low, high = interval
    # Away from the limits, where 1 / (1 / x) isn't x to the last bit.
    if min(abs(math.log(e * limit)) for e in (low, high, 1 / low, 1 / high)) < 1e-9:
        return
    kind = by_ratio(low, high, limit)
    assert by_ratio(1 / high, 1 / low, limit) == MIRROR.get(kind, kind)


@given(st.floats(1, 3), ratios)
def test_an_interval_around_one_never_changes(limit, interval):
    low, high = min(interval[0], 1.0), max(interval[1], 1.0)
    assert by_ratio(low, high, limit) in {"unchanged", "undecided"}
