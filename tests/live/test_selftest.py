import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.execute import probe
from bench.jobs.measure import PairJob
from bench.live import calibrated, selftest
from bench.live.prepared import ready
from bench.metrics.pairs import low_ends
from bench.record.calibration import Calibration, Rate
from bench.record.store import to_json, write_atomic
from bench.suite.policy import GatePolicy
from tests import small
from tests.live import scripted


@given(st.floats(0.001, 0.2), st.integers(0, 9))
def test_the_threshold_keeps_alarms_under_one_percent(spread, seed):
    logs = spread * np.random.default_rng(seed).normal(size=40)
    found = selftest.power(logs, 5)
    assert found.threshold >= 1
    assert found.false_alarms.hits <= 0.01 * found.false_alarms.of
    assert found.false_alarms.low <= found.false_alarms.hits / found.false_alarms.of
    assert found.smallest > 1


@given(st.floats(0.001, 0.1))
def test_more_noise_hides_more(spread):
    logs = np.random.default_rng(0).normal(size=40)
    calm, wild = (selftest.power(s * logs, 8).smallest for s in (spread, 2 * spread))
    assert calm < wild


def test_the_smallest_slow_down_is_shown_by_19_of_20_gates_of_fresh_pairs():
    """In 19 of 20 machines, whose pairs are other ones than the calibrating 32."""
    rng, kept = np.random.default_rng(0), 0
    for _ in range(60):
        found = selftest.power(0.016 * rng.normal(size=32), 10)
        gates = 0.016 * rng.normal(size=(1000, 2, 10)) + math.log(found.smallest)
        seen = (low_ends(gates) > max(found.threshold, 1.02)).all(axis=1).mean()
        kept += seen >= 0.95
        assert found.smallest < 1.07
    assert kept >= 54


def test_drifting_pairs_raise_the_threshold():
    """All pairs lean one way: the sides aren't equal here, and the gate must allow for it."""
    logs = 0.05 + 0.005 * np.random.default_rng(0).normal(size=40)
    found = selftest.power(logs, 10)
    assert found.threshold > 1.04
    assert found.false_alarms.hits <= 0.01 * found.false_alarms.of


@pytest.fixture(scope="module")
def job(tmp_path_factory, cache) -> PairJob:
    home = tmp_path_factory.mktemp("selftest")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    (case,) = small.suite(small.block(of, data)).expand()
    return ready(case, cache, lambda line: None)


def test_a_real_self_test_is_kept_with_the_machine_and_copied_into_runs(job, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(selftest, "INSIDE", 1)
    assert calibrated.attach(tmp_path, 2) is None
    lines = []
    policy = GatePolicy(pairs=2)
    made = selftest.run(job, 4, lines.append, policy=policy)
    assert len(made.log_ratios) == made.pairs == 4
    assert made.gate_pairs == 2
    assert made.in_process > 0
    assert len(lines) == 4
    assert calibrated.stored(3) is None, "for gates of two pairs it says nothing of three"
    assert calibrated.stored(2) == made
    assert calibrated.attach(tmp_path, 2) == made
    assert (tmp_path / "calibration.json").read_bytes() == calibrated.path(
        made.machine
    ).read_bytes()


def test_a_calibration_by_other_code_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path))
    here = calibrated.machine.describe()
    made = Calibration(
        machine=here, case="x", pairs=40, log_ratios=(0.0,) * 40, gate_pairs=GatePolicy().pairs,
        threshold=1.0, false_alarms=Rate(hits=0, of=2000, low=0, high=0.8), smallest=1.04,
        code_digest=probe.code_digest(),
    )  # fmt: skip
    write_atomic(calibrated.path(here), to_json(made))
    assert calibrated.stored(GatePolicy().pairs) == made
    other = made.model_copy(update={"code_digest": "other"})
    write_atomic(calibrated.path(here), to_json(other))
    assert calibrated.stored(GatePolicy().pairs) is None


def test_a_damaged_calibration_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path))
    path = calibrated.path(calibrated.machine.describe())
    path.parent.mkdir()
    path.write_text("{}")
    assert calibrated.stored(GatePolicy().pairs) is None


def test_a_session_in_this_process_is_one_side(job):
    side = selftest.Inside(job)
    with pytest.raises(RuntimeError, match="isn't ready"):
        side.burst(1)
    side.ready()
    before = side.cpu_s()
    side.burst(2)
    side.burst(3)
    assert [len(b) for b in side.end()] == [2, 3]
    assert side.cpu_s() > before


def test_the_median_of_pairs_is_the_ratio_in_process(monkeypatch, tmp_path):
    ratios = iter([1.1, 9.0, 1.2])

    class Nothing:
        def __init__(self, *words):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *words):
            pass

    monkeypatch.setattr(selftest.pair, "Side", Nothing)
    monkeypatch.setattr(selftest, "Inside", Nothing)
    monkeypatch.setattr(selftest.pair, "take_turns", lambda *words: scripted.pair(next(ratios)))
    start = PairJob.model_construct()
    assert selftest.in_process(start, tmp_path, selftest.pair.order("0"), 3) == pytest.approx(
        1.2, rel=1e-3
    )
