import io
import time

import pytest

from bench.jobs.measure import PairJob
from bench.live.prepared import ready
from bench.measure.steps import pair
from tests import small


@pytest.fixture(scope="module")
def job(tmp_path_factory, cache) -> PairJob:
    home = tmp_path_factory.mktemp("side")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    (case,) = small.suite(small.block(of, data)).expand()
    return ready(case, cache, lambda line: None)


def test_bursts_come_when_they_are_asked_for_until_the_end():
    said = []
    found = pair.serve(
        io.StringIO("burst 2\nburst 3\nend\nburst 9\n"), lambda i: i, lambda *w: said.append(w)
    )
    assert found == ((0, 1), (2, 3, 4))
    assert said == [("burst", 1, 1), ("burst", 2, 2)]


def test_the_end_of_the_input_ends_it():
    assert pair.serve(io.StringIO(""), lambda i: i, print) == ()


def test_a_side_says_when_it_is_warm_and_reports_every_sample(job, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("burst 3\nburst 3\n"))
    said = []
    found = pair.run(job.located, lambda *words: said.append(words))
    assert said == [("ready", 1, 1), ("burst", 1, 1), ("burst", 2, 2)]
    assert [len(burst) for burst in found.bursts_ns] == [3, 3]
    assert all(ns > 0 for burst in found.bursts_ns for ns in burst)
    assert found.effective


def test_a_planted_slow_down_makes_a_call_longer_by_its_share():
    def call(position):
        start = time.perf_counter_ns()
        time.sleep(0.01)
        return start, time.perf_counter_ns()

    assert pair.slowed(call, 0, 1.0) >= 0.02e9
    assert pair.slowed(lambda position: (5, 12, 3), 0, 0.0) == 7


def test_it_warms_up_at_least_as_long_as_the_protocol_says(job):
    calls = []
    pair.warm(calls.append, job)
    assert calls == list(range(pair.WARMUP))
    longer = job.case.protocol.model_copy(update={"warmup": 9})
    calls.clear()
    pair.warm(
        calls.append,
        job.model_copy(update={"case": job.case.model_copy(update={"protocol": longer})}),
    )
    assert len(calls) == 9
