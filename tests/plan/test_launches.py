import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.jobs.measure import TimingReport
from bench.plan import launches
from bench.plan.launches import position
from bench.record.timing import Launch, TimingMeasurement
from tests import builders

ONE = Launch(end_to_end_ns=(1, 2, 3))


def report(launch, **effective):
    return TimingReport(launch=launch, effective=effective, times={})


def row(asked=3, there=1, **more):
    protocol = builders.protocol(launches=asked)
    timing = TimingMeasurement(launches=(ONE,) * there)
    fields = {"measurements": (timing,), **more}
    return builders.result(case=builders.case(protocol=protocol), **fields)


@given(st.integers(1, 60), st.integers(2, 12))
def test_every_case_has_the_same_mean_place(count, asked):
    total = [0] * count
    for launch in range(asked):
        keys = [position(i, count, launch, asked) for i in range(count)]
        order = sorted(range(count), key=lambda i, keys=keys: keys[i])
        assert len(set(keys)) == count
        for place, case in enumerate(order):
            total[case] += place
    spread = max(total) - min(total)
    if asked % 2 == 0 or count % 2:
        assert spread == 0
    else:
        assert spread <= 1


@given(st.integers(2, 30), st.sampled_from([2, 4, 6, 8]), st.floats(-1, 1))
def test_a_linear_drift_cancels_between_any_two_cases(count, asked, drift):
    """Clock readings of a machine that slows down steadily while equal cases take turns."""
    means = [0.0] * count
    for launch in range(asked):
        for i in range(count):
            now = launch * count + position(i, count, launch, asked)
            means[i] += (100 + drift * now) / asked
    assert max(means) - min(means) == pytest.approx(0, abs=1e-6)


def test_four_launches_of_two_cases_are_abba_twice():
    passes = [[position(i, 2, launch, 4) for i in range(2)] for launch in range(4)]
    assert passes == [[0, 1], [1, 0], [1, 0], [0, 1]]


def test_only_measured_rows_lack_launches():
    assert launches.missing(row(3, 1)) == 2
    assert launches.missing(row(3, 3)) == 0
    assert launches.missing(row(1, 1)) == 0
    assert launches.missing(row(3, 1, status="failed")) == 0
    assert launches.missing(row(3, measurements=())) == 0
    assert launches.due(row(3, 1), 1)
    assert launches.due(row(3, 1), 2)  # the launch before failed, or a resumed run
    assert not launches.due(row(3, 2), 1)
    # One that was lost in the middle is due again, and no other takes its number.
    numbered = tuple(ONE.model_copy(update={"number": n}) for n in (0, 2))
    gap = row(3, measurements=(TimingMeasurement(launches=numbered),))
    assert [launches.due(gap, n) for n in range(3)] == [False, True, False]
    again = ONE.model_copy(update={"number": 1})
    whole = launches.added(gap, report(again))
    assert list(whole.get("timing").numbered) == [0, 1, 2]


def test_a_launch_is_added_and_nothing_else_changes():
    before = row(3, 1)
    more = Launch(end_to_end_ns=(4, 5), stopped="precise")
    after = launches.added(before, report(more))
    assert after.get("timing").launches == (ONE, more)
    assert after.model_copy(update={"measurements": before.measurements}) == before


def test_a_lost_launch_is_a_note_until_another_takes_its_place():
    kept = launches.lost(row(2, 1), 1, "It crashed.")
    assert kept.status == "ok"
    assert kept.notes == ("Launch 2 of 2 failed: It crashed.",)
    assert launches.lost(kept, 1, "It crashed.").notes == kept.notes
    whole = launches.added(kept, report(ONE))
    assert whole.notes == ()


def test_what_ran_otherwise_in_a_later_launch_is_said_once():
    other = report(ONE, precision="bf16")
    after = launches.added(launches.added(row(3, 1), other), other)
    assert after.mismatches == ("Asked for fp32; its products ran in bf16.",)
