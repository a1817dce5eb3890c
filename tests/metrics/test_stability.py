from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.metrics.stability import flags, modes
from bench.record.timing import Launch, TimingMeasurement
from tests.metrics import simulated
from tests.metrics.simulated import DEFECTS, FLAG, PROTOCOL, camera, server, streamed, timing


def names(measured, protocol=PROTOCOL):
    return [f.name for f in flags(measured, protocol)]


@pytest.mark.parametrize(
    ("launches", "n", "noise"), [(3, 30, 0.05), (3, 100, 0.05), (10, 60, 0.05), (5, 300, 0.02)]
)
def test_independent_lognormal_samples_raise_no_flag(launches, n, noise):
    flagged = [
        bool(names(timing(seed, launches=launches, n=n, noise=noise))) for seed in range(100)
    ]
    assert sum(flagged) / 100 < 0.05


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_raises_its_flag_and_no_other(defect):
    asked = [FLAG.get(defect, defect)]
    assert sum(names(timing(seed, defect)) == asked for seed in range(40)) >= 38


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 10**12), min_size=1, max_size=40), min_size=1, max_size=4))
def test_any_samples_get_flags_with_a_figure_and_advice(sets):
    measured = TimingMeasurement(launches=tuple(Launch(end_to_end_ns=tuple(s)) for s in sets))
    for flag in flags(measured, PROTOCOL):
        assert flag.sentence
        assert flag.advice.endswith(".")


def test_sentences_hold_the_figures():
    def said(defect):
        return flags(timing(1, defect), PROTOCOL)[0].sentence

    assert "in 3 of 3 processes" in said("drift")
    assert "power cap, software thermal slowdown" in said("throttling")
    assert "processor's clock fell from" in said("falling clock")
    assert "other programs kept 0." in said("busy machine")
    assert "rank correlation of a sample's time with what others took" in said("busy machine")
    assert "give way 500 times a second" in said("switches")
    assert "block bootstrap" in said("autocorrelation")
    assert "20 samples of a process (p90 needs 29)" in said("too few samples")


def test_threads_that_give_way_to_one_another_are_nobody_elses_load():
    """OpenVINO's threads yield thousands of times a second on an idle machine."""
    measured = timing(1, "switches")
    alone = [
        x.model_copy(update={"readings": {**x.readings, "foreign_cpu": (0.01,) * 100}})
        for x in measured.launches
    ]
    assert not flags(measured.model_copy(update={"launches": tuple(alone)}), PROTOCOL)


def test_clocks_that_somebody_set_are_no_throttling():
    measured = timing(0)
    assert set(measured.launches[0].readings["throttle"]) == {1.0}
    launches = [
        x.model_copy(update={"readings": {"throttle": (3.0,) * 100}}) for x in measured.launches
    ]
    assert names(measured.model_copy(update={"launches": tuple(launches)})) == []


def test_a_median_that_is_not_known_well_enough_is_said():
    measured = timing(0)
    loose = tuple(
        x.model_copy(update={"width": 0.05, "stopped": "time limit"}) for x in measured.launches
    )
    (flag,) = flags(measured.model_copy(update={"launches": loose}), PROTOCOL)
    assert "known to 5.0 % where 2.0 % was asked, in 3 of 3 processes" in flag.sentence
    unasked = PROTOCOL.model_copy(update={"median_width": None})
    assert names(measured.model_copy(update={"launches": loose}), unasked) == []
    # All calls were made, and remember each other so much that no interval came of them.
    count = len(measured.launches[0].end_to_end_ns)
    asked = PROTOCOL.model_copy(update={"max_iterations": count})
    (flag,) = flags(measured, asked)
    assert "known to nothing where 2.0 % was asked" in flag.sentence


def test_two_groups_are_found_with_their_centres():
    low, high, share = modes(
        [10_000_000 + i for i in range(30)] + [20_000_000 + i for i in range(10)]
    )
    assert (round(low / 1e6), round(high / 1e6), share) == (10, 20, 0.25)
    assert modes([10_000_000] * 10) is None
    assert modes([10_000_000] * 40) is None


def test_a_growing_queue_and_a_camera_that_is_too_fast_are_overload():
    calm = [server(s, 0.7) for s in range(3)]
    assert "overload" not in names(streamed("server", *calm))
    over = flags(streamed("server", *calm[:2], server(5, 1.5)), PROTOCOL)
    assert "the queue grew to the end" in next(f for f in over if f.name == "overload").sentence
    assert "overload" not in names(streamed("constant_stream", camera(call_ms=8)))
    late = flags(streamed("constant_stream", camera(call_ms=14)), PROTOCOL)
    assert (
        " % of the frames were replaced" in next(f for f in late if f.name == "overload").sentence
    )


def test_nothing_timed_is_not_flagged():
    assert flags(TimingMeasurement(launches=()), simulated.PROTOCOL) == ()
