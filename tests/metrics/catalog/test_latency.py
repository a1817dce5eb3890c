import statistics

import pytest

from bench.metrics.base import Source
from bench.metrics.catalog import latency
from bench.metrics.rows import reference_of
from tests.builders import Planned, build_run


def source(run, index=1):
    return Source(run, run.results[index], reference_of(run, run.results[index]))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = (
        Planned(latency_ms=20.0),
        Planned("torch-bf16", latency_ms=10.0),
        Planned("torch-bf16", latency_ms=30.0, target="cpu-1-thread"),
        Planned("openvino-fp32", status="skipped", reason="It is not installed."),
    )
    return build_run(tmp_path_factory.mktemp("run"), rows)


def test_milliseconds_of_the_samples(run):
    found = latency.metrics(source(run))
    samples = latency.end_to_end(run.results[1])
    median = found["latency_p50_ms"]
    assert median.value == pytest.approx(statistics.median(samples) / 1e6)
    assert median.low < median.value < median.high
    assert found["latency_mean_ms"].value == pytest.approx(statistics.fmean(samples) / 1e6)
    assert found["throughput_ips"].value == pytest.approx(1e9 / statistics.fmean(samples))
    assert "only 30 samples" in found["latency_p99_ms"].note
    assert not found["latency_p90_ms"].note
    assert found["phase_forward_ms"].value == pytest.approx(0.796 * median.value, rel=1e-3)
    assert found["phase_copy_in_ms"].reason == "this backend has no phase 'copy_in'"
    assert set(found) == set(latency.NAMES)


def test_the_ratio_is_to_the_reference_on_the_same_target(run):
    ratio = latency.metrics(source(run))["latency_ratio"]
    assert ratio.value == pytest.approx(0.5, rel=0.05)
    assert ratio.low < ratio.value < ratio.high
    other = latency.metrics(source(run, 2))["latency_ratio"]
    assert other.reason == "the reference variant torch-fp32 wasn't measured on cpu-1-thread"
    assert latency.metrics(source(run, 0))["latency_ratio"].reason == "this is the reference"


def test_other_timing_settings_give_no_ratio(run):
    of = source(run)
    unlike = of.result.model_copy(update={"timing_fingerprint": "other"})
    assert "other settings" in latency.ratio(Source(run, unlike, of.reference)).reason


def test_another_machine_gives_no_ratio(run):
    of = source(run)
    place = of.result.environment
    machine = place.machine.model_copy(update={"processor": "Another Processor 9"})
    there = place.model_copy(update={"machine": machine})
    for environment in (there, None):
        moved = of.result.model_copy(update={"environment": environment})
        found = latency.ratio(Source(run, moved, of.reference))
        assert found.value is None
        assert found.reason == "the reference was timed on another machine"


def test_without_samples_the_reason_is_the_status(run):
    found = latency.metrics(source(run, 3))
    assert {m.reason for m in found.values()} == {"skipped: It is not installed."}
    assert {m.value for m in found.values()} == {None}
