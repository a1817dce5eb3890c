import math
import statistics
from pathlib import Path

import numpy as np
import pytest

from bench.metrics.base import Metric, Source
from bench.metrics.catalog import latency, processes
from bench.metrics.rows import reference_of, rows
from bench.record.base import Absent
from bench.record.store import read_run
from bench.record.timing import Launch, TimingMeasurement
from tests.builders import Planned, build_run
from tests.metrics import simulated


def both(of):
    """Numbers of the whole, and of what lies behind it."""
    return {**latency.metrics(of), **processes.metrics(of)}


def source(run, index=1):
    return Source(run, run.results[index], reference_of(run, run.results[index]))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    planned = (
        Planned(latency_ms=20.0),
        Planned("torch-bf16", latency_ms=10.0),
        Planned("torch-bf16", latency_ms=30.0, target="cpu-1-thread"),
        Planned("openvino-fp32", status="skipped", reason="It is not installed."),
    )
    return build_run(tmp_path_factory.mktemp("run"), planned)


def test_milliseconds_of_the_samples(run):
    found = both(source(run))
    samples = latency.end_to_end(run.results[1])
    median = found["latency_p50_ms"]
    assert median.value == pytest.approx(statistics.median(samples) / 1e6)
    assert (median.low, median.high) == (None, None)
    assert median.note == "one process, so no interval: launches = 5 in the protocol gives one"
    inside = found["latency_process_ms"]
    assert inside.low < inside.value == median.value < inside.high
    assert found["latency_mean_ms"].value == pytest.approx(statistics.fmean(samples) / 1e6)
    assert found["throughput_ips"].value == pytest.approx(1e9 / statistics.fmean(samples))
    assert found["latency_p90_ms"].value > median.value
    for name in ("latency_p99_ms", "latency_p99_bound_ms"):
        assert found[name] == Metric(None, reason="30 samples; p99 needs 299")
    assert found["phase_forward_ms"].value == pytest.approx(0.796 * median.value, rel=1e-3)
    assert found["phase_copy_in_ms"].reason == "this backend has no phase 'copy_in'"
    assert set(found) == {*latency.NAMES, *processes.NAMES}


def test_the_ratio_is_to_the_reference_on_the_same_target(run):
    ratio = both(source(run))["latency_ratio"]
    assert ratio.value == pytest.approx(0.5, rel=0.05)
    assert ratio.low is None
    assert "launches = 5" in ratio.note
    other = both(source(run, 2))["latency_ratio"]
    assert other.reason == "the reference variant torch-fp32 wasn't measured on cpu-1-thread"
    assert both(source(run, 0))["latency_ratio"].reason == "this is the reference"


def timed(of, timing, **more):
    """The same source, timed otherwise."""
    kept = tuple(m for m in of.result.measurements if m.kind != "timing")
    result = of.result.model_copy(update={"measurements": (*kept, timing), **more})
    return Source(of.run, result, of.reference)


def test_the_processes_give_the_interval_and_their_variances(run):
    timing = simulated.timing(3, launches=5, noise=0.03, between=0.05)
    found = both(timed(source(run), timing))
    medians = [statistics.median(x.end_to_end_ns) / 1e6 for x in timing.launches]
    p50 = found["latency_p50_ms"]
    assert p50.value == pytest.approx(statistics.geometric_mean(medians))
    assert p50.low < p50.value < p50.high
    assert not p50.note
    assert found["latency_process_ms"].value == statistics.median(medians)
    inside = found["latency_process_ms"]
    assert inside.high - inside.low < p50.high - p50.low
    assert found["latency_between"].value == pytest.approx(np.log(medians).std(ddof=1), rel=0.01)
    assert found["latency_within"].value == pytest.approx(0.03, rel=0.2)
    assert 1 <= found["latency_worth"].value < 10
    assert found["latency_p99_ms"].value < found["latency_p99_bound_ms"].value
    assert found["latency_flags"] == Metric(0.0)


def test_launches_of_both_are_paired_by_their_number(run):
    of = source(run)
    slow = simulated.timing(4, launches=6, noise=0.01, between=0.3)
    quick = tuple(
        Launch(end_to_end_ns=tuple(t // 2 for t in x.end_to_end_ns)) for x in slow.launches
    )
    mine = timed(of, TimingMeasurement(launches=quick)).result
    base = timed(Source(run, of.reference, None), slow).result
    ratio = latency.ratio(Source(run, mine, base))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5), rel=1e-3)
    numbered = tuple(x.model_copy(update={"number": i}) for i, x in enumerate(quick))
    fewer = timed(of, TimingMeasurement(launches=(numbered[0], *numbered[3:]))).result
    ratio = latency.ratio(Source(run, fewer, base))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((0.5, 0.5, 0.5), rel=1e-3)
    assert ratio.note == "of 4 and 6 processes 4 make pairs"


def test_flags_are_counted_and_named_and_a_mismatch_is_one(run):
    drifting = timed(source(run), simulated.timing(1, "drift"))
    assert latency.flags(drifting.result) == Metric(1.0, note="drift")
    other = timed(source(run), simulated.timing(1), mismatches=("It ran bf16.",))
    assert latency.flags(other.result) == Metric(1.0, note="not as asked")


def test_four_samples_claim_no_median(run):
    four = TimingMeasurement(launches=(Launch(end_to_end_ns=(4, 5, 6, 7)),))
    found = both(timed(source(run), four))
    assert found["latency_p50_ms"] == Metric(None, reason="4 samples; p50 needs 5")
    assert found["latency_mean_ms"].value == pytest.approx(5.5e-6)


def test_the_gap_is_what_no_phase_accounts_for(run):
    def launch(**phases):
        return TimingMeasurement(
            launches=(
                Launch(
                    end_to_end_ns=(100,) * 6, phases_ns={k: (v,) * 6 for k, v in phases.items()}
                ),
            )
        )

    def gap(timing):
        return both(timed(source(run), timing))["phase_gap"]

    assert both(source(run))["phase_gap"].value == pytest.approx(0.005, abs=1e-3)
    assert gap(launch(decode=20, forward=78)).value == pytest.approx(0.02)
    assert gap(launch(decode=20, forward=78, copy_in=4)).value == pytest.approx(-0.02)
    assert gap(launch()).reason == "no phases were timed"


def test_energy_is_told_an_image_or_why_not(run):
    def energy(batch=1, **kinds):
        timing = simulated.timing(0, launches=2)
        launches = tuple(x.model_copy(update={"energy_j": kinds}) for x in timing.launches)
        measured = TimingMeasurement(launches=launches, batch_size=batch)
        return both(timed(source(run), measured))["energy_image_j"]

    gone = Absent(reason="RAPL can't be read")
    assert energy().reason == "the record holds no reading of energy"
    assert energy(package=gone).reason == "package: RAPL can't be read"
    assert energy(package=300.0, dram=100.0).value == pytest.approx(4.0)
    partly = energy(batch=4, package=gone, gpu=400.0)
    assert partly.value == pytest.approx(1.0)
    assert partly.note == "without package: RAPL can't be read"
    assert not math.isnan(partly.value)


def test_arrivals_set_the_pace_of_a_server(run):
    stream = simulated.streamed("server", simulated.server(0, 0.5))
    found = both(timed(source(run), stream))
    assert "achieved_rate_hz" in found["throughput_ips"].reason
    assert found["latency_p50_ms"].value == pytest.approx(10, rel=0.05)


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
    found = both(source(run, 3))
    assert {m.reason for m in found.values()} == {"skipped: It is not installed."}
    assert {m.value for m in found.values()} == {None}


def test_on_a_real_run_the_phases_add_up():
    """The committed example: every form, end to end against its phases."""
    example = read_run(Path(__file__).resolve().parents[3] / "reports" / "examples" / "quickstart")
    gaps = [row.value("phase_gap") for row in rows(example) if row.result.get("timing")]
    assert len(gaps) >= 12
    assert all(0 <= gap < 0.03 for gap in gaps)
