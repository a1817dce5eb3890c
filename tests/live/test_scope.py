import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NothingMeasured
from bench.live import scope
from bench.live.pair import Plan
from bench.live.scope import START_S, Clock, choose, seconds
from tests.builders import Planned, build_run
from tests.live import scripted

ROWS = (
    Planned(),
    Planned("torch-fp16", flip=0.6, status="wrong"),
    Planned("onnx-onnxruntime-fp32"),
    Planned("torchscript-fp32", status="failed", reason="It broke."),
)


def ids(found):
    return [case.id for case, _ in found]


@pytest.fixture
def run(tmp_path):
    return build_run(tmp_path / "run", ROWS, images=2)


def test_wrong_and_failed_cases_are_left_out_and_the_wrong_ones_named(run):
    lines = []
    assert ids(choose(run, None, "main", "*", lines.append)) == [ROWS[0].case.id, ROWS[2].case.id]
    (line,) = lines
    assert ROWS[1].case.id in line
    assert "--only ID" in line


def test_a_wrong_case_is_paired_when_its_very_id_is_asked_for(run):
    lines = []
    assert ids(choose(run, None, "main", ROWS[1].case.id, lines.append)) == [ROWS[1].case.id]
    assert not lines
    with pytest.raises(NothingMeasured, match="main"):
        choose(run, None, "main", "*/torch-fp16/*", lines.append)


def test_a_base_run_must_have_measured_the_case(run, tmp_path):
    failed = Planned(status="failed", reason="It broke.")
    base = build_run(tmp_path / "base", (failed, ROWS[2]), images=2)
    ((new, old),) = choose(run, base, "base", "*", print)
    assert (new.id, old) == (ROWS[2].case.id, base.results[1].case)


def test_what_was_wrong_before_may_be_held_against_what_is_right_now(tmp_path):
    now = build_run(tmp_path / "now", (Planned("torch-fp16"),), images=2)
    before = build_run(tmp_path / "before", (ROWS[1],), images=2)
    assert len(choose(now, before, "before", "*", print)) == 1


def finish(record, ratios, wanted=4, stop=None):
    """The finished record, and every one that was kept on the way; stops after `stop` pairs."""
    kept = []

    def measure(number):
        if stop is not None and len(kept) == stop:
            raise KeyboardInterrupt
        return scripted.pair(ratios[number], number, noise=0.01)

    done = scope.finish(record, wanted, 1.02, measure, kept.append)
    return done, kept


def test_equal_code_is_looked_at_once():
    done, kept = finish(scripted.record(), [1.0] * 9)
    assert (len(done.pairs), done.first, done.confirms) == (4, None, False)
    assert [len(r.pairs) for r in kept] == [1, 2, 3, 4]


def test_a_suspicion_is_looked_at_again_with_fresh_pairs():
    done, _ = finish(scripted.record(), [1.2] * 4 + [1.0] * 4)
    assert (len(done.pairs), done.first, done.confirms) == (8, 4, True)


@given(st.integers(0, 8), st.booleans())
def test_a_killed_gate_goes_on_to_the_same_end(stop, slow):
    ratios = [1.2 if slow else 1.0] * 8
    whole, _ = finish(scripted.record(), ratios)
    kept = [scripted.record()]
    with pytest.raises(KeyboardInterrupt) if stop < len(whole.pairs) else _nothing():
        scope.finish(scripted.record(), 4, 1.02, _until(stop, ratios), kept.append)
    done, _ = finish(kept[-1], ratios)
    assert done == whole


def _nothing():
    return contextlib.nullcontext()


def _until(stop, ratios):
    def measure(number):
        if number == stop:
            raise KeyboardInterrupt
        return scripted.pair(ratios[number], number, noise=0.01)

    return measure


def test_a_whole_record_is_left_alone():
    done, _ = finish(scripted.record(), [1.0] * 4)
    again, kept = finish(done, [])
    assert (again, kept) == (done, [])


class Scripted:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def clock():
    """A clock over two cases of which one takes twice the other's time, its lines and its watch."""
    now, lines = Scripted(), []
    made = Clock({"a": 10.0, "b": 20.0}, lines.append, now)
    made.plan("a", 2)
    made.plan("b", 2)
    return made, lines, now


def test_it_says_where_it_is_and_how_long_the_rest_takes(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60  # six times the guess: the rest is scaled by that
    made.pair("a", 2, 2)
    now.s += 60
    made.pair("b", 1, 2)
    assert lines == [
        "[1/2] a: live pair 1 of 2",
        "[1/2] a: live pair 2 of 2, about 5 min left",
        "[2/2] b: live pair 1 of 2, about 4 min left",
    ]


def test_what_happens_between_pairs_is_not_counted_as_a_pair(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60
    made.stop()
    now.s += 6000
    made.pair("b", 1, 2)
    assert lines[-1].endswith("about 5 min left")


def test_a_second_look_makes_the_rest_longer(clock):
    made, lines, now = clock
    made.pair("a", 1, 2)
    now.s += 60
    made.plan("a", 5)
    made.pair("a", 2, 6)
    assert lines[-1].endswith("live pair 2 of 6, about 9 min left")


def test_a_pair_is_guessed_by_its_rounds(tmp_path):
    quick, slow = Planned(latency_ms=100.0), Planned("onnx-onnxruntime-fp32", latency_ms=2000.0)
    run = build_run(tmp_path, (quick, slow), images=2)
    plan = Plan(rounds=10, fewest=4, side_s=4.0)
    assert seconds(run, quick.case.id, plan) == pytest.approx(START_S + 6 * 0.1 * 10, rel=0.1)
    assert seconds(run, slow.case.id, plan) == pytest.approx(START_S + 6 * 2.0 * 4, rel=0.1)
    assert seconds(run, "nobody", plan) == START_S
