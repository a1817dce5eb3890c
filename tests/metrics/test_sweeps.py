from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.rows import rows
from bench.metrics.sweeps import curves, exponent
from tests.builders import Planned, Swept, build_run


def made(tmp_path, *planned):
    return curves(rows(build_run(tmp_path, planned, images=2, panels=0)))


@given(st.floats(-2, 2), st.floats(0.1, 100), st.lists(st.integers(1, 99), min_size=3, unique=True))
def test_a_power_law_gives_its_exponent_exactly(power, cost, work):
    found = exponent(work, [cost * w**power for w in work])
    assert found.value == pytest.approx(power, abs=1e-6)
    assert found.low == pytest.approx(power, abs=1e-5)
    assert found.high == pytest.approx(power, abs=1e-5)


def test_the_interval_is_that_of_another_implementation():
    from scipy.stats import linregress, t

    work, cost = [1, 2, 4, 8, 16], [10.0, 21.0, 37.0, 90.0, 150.0]
    other = linregress(np.log(work), np.log(cost))
    half = t.ppf(0.975, 3) * other.stderr
    found = exponent(work, cost)
    assert found.value == pytest.approx(other.slope)
    assert (found.low, found.high) == pytest.approx((other.slope - half, other.slope + half))


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng, work, held = np.random.default_rng(0), np.array([1, 2, 4, 8]), 0
    for _ in range(600):
        found = exponent(work, 5 * work**0.8 * np.exp(rng.normal(0, 0.1, 4)))
        held += found.low <= 0.8 <= found.high
    assert 0.92 < held / 600 < 0.98


def test_too_few_points_say_so():
    assert exponent([1], [3.0]).reason
    assert exponent([2, 2], [3.0, 4.0]).value is None
    two = exponent([1, 2], [3.0, 6.0])
    assert (two.value, two.low) == (pytest.approx(1.0), None)
    assert "two points" in two.note


def test_rows_that_differ_in_one_key_only_make_a_curve(tmp_path):
    planned = [
        Swept(slug, latency_ms=10.0 * b / t, sweep={"batch_size": b, "threads": t}, axis="x")
        for slug in ("torch-fp32", "torch-bf16")
        for b in (1, 2, 4)
        for t in (1, 2)
    ]
    found = made(tmp_path, *planned, Planned())
    along = [(c.key, c.points[0].row.result.case.variant.slug, c.place[3]) for c in found]
    assert len(along) == len(set(along)) == 2 * (2 + 3)
    batch = next(c for c in found if c.key == "batch_size")
    assert batch.place == ("micro", "cpu", "scenes", "x,threads=1")
    assert [p.x for p in batch.points] == [1, 2, 4]
    assert batch.exponent.value == pytest.approx(1, abs=0.05)
    threads = next(c for c in found if c.key == "threads")
    assert threads.speed_up(threads.points[1]).value == pytest.approx(2, rel=0.05)
    assert threads.exponent.value == pytest.approx(-1, abs=0.05)
    assert batch.speed_up(batch.points[1]).value is None


def test_a_size_is_its_pixels_and_a_failed_point_is_left_out(tmp_path):
    sizes = ("128x256", "256x512", "512x1024")
    planned = [
        Swept(latency_ms=4.0**i, sweep={"size": s}, status="failed" if i == 2 else "ok")
        for i, s in enumerate(sizes)
    ]
    (found,) = made(tmp_path, *planned)
    assert [p.x for p in found.points] == [math.prod(map(int, s.split("x"))) for s in sizes]
    assert [p.text for p in found.measured] == list(sizes[:2])
    assert found.exponent.value == pytest.approx(1, abs=0.05)


def test_names_are_no_amounts_and_one_point_is_no_curve(tmp_path):
    planned = [Swept(sweep={"corruption": c}) for c in ("fog/1", "fog/2")]
    assert made(tmp_path, *planned, Swept(sweep={"batch_size": 1})) == ()


def test_a_rate_has_a_curve_and_no_exponent(tmp_path):
    (found,) = made(tmp_path, *(Swept(sweep={"rate": r}) for r in (5.0, 10.0)))
    assert "isn't an amount of work" in found.exponent.reason


def test_sizes_that_are_rounded_up_to_one_another_stay_two_points(tmp_path):
    planned = [
        Swept("torch-fp32", latency_ms=10.0, sweep={"size": s}, axis=f"size={s}")
        for s in ("250x500", "256x512")
    ]
    (curve,) = made(tmp_path, *planned)
    assert [p.text for p in curve.points] == ["250x500 (run at 256x512)", "256x512"]
    assert {p.x for p in curve.points} == {256.0 * 512}
    assert curve.exponent.reason
