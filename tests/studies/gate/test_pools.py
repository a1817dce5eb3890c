import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.jobs.measure import PairJob
from tests import builders
from tests.live import scripted
from tests.studies.gate import pools

JOB = PairJob(case=builders.case(), size=(4, 4))
WANTED = {0.0: 4, 0.05: 2}


@pytest.fixture
def measured(monkeypatch):
    """Planted slow-down of every pair that is measured, in order; raises when it holds `stop`."""
    seen = []

    def live(old, new, logs, rng):
        if len(seen) == getattr(live, "stop", None):
            raise KeyboardInterrupt
        seen.append(new.job.planted)
        assert old.job.planted == 0
        return scripted.pair(1 + new.job.planted)

    monkeypatch.setattr(pools.pair, "live", live)
    return seen, live


def test_pools_fill_in_turns_and_say_how_long(measured, tmp_path):
    lines = []
    made = pools.Pools(tmp_path)
    pools.fill(made, "idle", WANTED, JOB, lines.append)
    assert measured[0] == [0.0, 0.05, 0.0, 0.0, 0.05, 0.0]
    assert len(made.read("idle", 0.0)) == 4
    assert made.read("idle", 0.05) == [scripted.pair(1.05)] * 2
    assert made.read("loaded", 0.0) == []
    assert lines[0].startswith("idle +0 %: pair 1 of 4; ")
    assert lines[0].endswith(" min left")


def test_a_killed_study_goes_on(measured, tmp_path):
    seen, live = measured
    made = pools.Pools(tmp_path)
    live.stop = 3
    with pytest.raises(KeyboardInterrupt):
        pools.fill(made, "idle", WANTED, JOB, print)
    live.stop = None
    pools.fill(made, "idle", WANTED, JOB, print)
    assert seen == [0.0, 0.05, 0.0, 0.0, 0.05, 0.0]
    pools.fill(made, "idle", WANTED, JOB, print)
    assert len(seen) == 6


def test_a_torn_line_is_left_out(measured, tmp_path):
    made = pools.Pools(tmp_path)
    made.add("idle", 0.0, scripted.pair())
    with (tmp_path / "idle-0.jsonl").open("a") as f:
        f.write('\n{"baseline_ns": [[1')
    made.add("idle", 0.0, scripted.pair(2.0))
    assert made.read("idle", 0.0) == [scripted.pair(), scripted.pair(2.0)]


def test_only_loaded_pairs_get_a_load(measured, monkeypatch, tmp_path):
    seeds = []

    @contextlib.contextmanager
    def running(seed):
        seeds.append(seed)
        yield 1

    monkeypatch.setattr(pools.load, "running", running)
    for condition in ("idle", "loaded"):
        pools.fill(pools.Pools(tmp_path), condition, {0.0: 1}, JOB, print)
    assert seeds == [pools.SEED]


@given(st.dictionaries(st.sampled_from([0.0, 0.03, 0.05]), st.integers(1, 20), min_size=1))
def test_all_advance_at_the_same_pace(wanted):
    have = dict.fromkeys(wanted, 0)
    while (due := pools.next_due(have, wanted)) is not None:
        have[due] += 1
        shares = [have[p] / wanted[p] for p in wanted]
        assert max(shares) - min(shares) <= 1 / min(wanted.values()) + 1e-9
    assert have == wanted
