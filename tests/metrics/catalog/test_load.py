import pytest

from bench.metrics.base import Source
from bench.metrics.catalog import load
from bench.record.timing import TimingMeasurement
from tests import builders
from tests.metrics.simulated import camera, server, streamed


def metrics(timing=None, **more):
    of = builders.result(measurements=(timing,) if timing else (), **more)
    return load.metrics(Source(None, of, None))


def test_a_server_has_latency_under_load_and_no_ages():
    found = metrics(streamed("server", *(server(s, 0.8, deadline_ms=30) for s in range(3))))
    p50, p90, p99 = (found[n] for n in load.SERVER)
    assert 10 < p50.value < p90.value < p99.value
    assert p50.low < p50.value < p50.high
    assert p99.low is None
    assert 0.02 < found["missed_deadlines"].value < 0.6
    assert found["utilisation"].value == pytest.approx(0.8, rel=0.15)
    assert found["achieved_rate_hz"].value == pytest.approx(80, rel=0.15)
    assert all("scenario server" in found[n].reason for n in load.CAMERA)
    assert set(found) == set(load.NAMES)


def test_without_a_deadline_none_is_missed_and_that_is_said():
    asked = server(0, 0.5)
    timing = streamed("server", asked.model_copy(update={"deadline_ns": None}))
    assert metrics(timing)["missed_deadlines"].reason == "the protocol sets no deadline_ms"


def test_arrivals_that_were_never_answered_leave_no_percentile_beyond_them():
    made = server(0, 0.5, n=300)
    lost = made.model_copy(update={"done_ns": (*made.done_ns[:-10], *(None,) * 10)})
    found = metrics(streamed("server", lost))
    assert found["latency_under_load_p50_ms"].value > 10
    assert found["latency_under_load_p99_ms"].reason == "10 of 300 arrivals never got a result"


def test_few_arrivals_claim_no_tail():
    found = metrics(streamed("server", server(0, 0.5, n=40)))
    assert found["latency_under_load_p99_ms"].reason == "40 samples; p99 needs 299"
    assert found["latency_under_load_p90_ms"].value


def test_a_camera_has_ages_and_no_queue():
    found = metrics(streamed("constant_stream", camera(700, 10, 14), camera(700, 10, 14)))
    assert found["missed_deadlines"].value == 1
    assert 0.2 < found["dropped_frames"].value < 0.4
    at, peak = found["result_age_p50_ms"], found["result_age_peak_p50_ms"]
    assert 14 <= at.value < 24
    assert at.value + 10 <= peak.value <= at.value + 20
    assert found["result_age_p99_ms"].value >= at.value
    assert "result_age_p50_ms" in found["latency_under_load_p99_ms"].reason
    assert set(found) == set(load.NAMES)


def test_other_scenarios_and_missing_timings_say_so():
    plain = TimingMeasurement(launches=())
    assert {m.reason for m in metrics(plain).values()} == {"scenario single_stream"}
    failed = metrics(status="failed")
    assert set(failed) == set(load.NAMES)
    assert all(m.reason.startswith("failed: ") for m in failed.values())
