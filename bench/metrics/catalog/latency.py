"""Latency and throughput, with the interval between processes."""

from collections.abc import Sequence

from bench.metrics import latency, launches, stability
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import IS_REFERENCE, absent, names_of, unmeasured
from bench.metrics.estimate import Estimate
from bench.record.result import Result
from bench.record.timing import Launch
from bench.suite.sweep import OPEN

SHARES = {"latency_p90_ms": 0.9, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}
NAMES = names_of("latency")
MS = 1e-6
"""Milliseconds in a nanosecond."""


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of every latency metric; ms unless the name says otherwise."""
    result = source.result
    samples = end_to_end(result)
    if not samples:
        return absent(NAMES, unmeasured(result))
    sets = [x.end_to_end_ns for x in timed(result)]
    of = {name: latency.percentile(samples, s) for name, s in SHARES.items()}
    last = of["latency_p99_ms"]
    return {
        "latency_p50_ms": median(sets),
        **{name: Metric(_ms(p.value_ns), reason=p.reason) for name, p in of.items()},
        "latency_p99_bound_ms": Metric(_ms(last.bound_ns), reason=last.reason),
        "latency_mean_ms": Metric(latency.mean_ns(samples) * MS),
        "latency_ratio": ratio(source),
        "latency_flags": flags(result),
        "throughput_ips": _throughput(result, samples),
    }


def end_to_end(result: Result) -> tuple[int, ...]:
    """End-to-end samples of all launches, nanoseconds; empty where none was timed."""
    return tuple(t for launch in timed(result) for t in launch.end_to_end_ns)


def median(sets: Sequence[Sequence[int]]) -> Metric:
    """Geometric mean of the processes' medians, ms, with the interval between processes."""
    whole = latency.percentile([t for s in sets for t in s], 0.5)
    if whole.reason:
        return Metric(None, reason=whole.reason)
    return estimate(launches.over([latency.median_ns(s) for s in sets]))


def ratio(source: Source) -> Metric:
    """Median latency over the reference's, paired by launch, with the interval between processes.

    None unless both were timed on the same target, by the same machine, under the same settings.
    """
    result, reference = source.result, source.reference
    if result.case.is_reference:
        return Metric(None, reason=IS_REFERENCE)
    target = result.case.target.name
    if reference is None or reference.case.target.name != target:
        slug = result.case.reference.slug
        return Metric(None, reason=f"the reference variant {slug} wasn't measured on {target}")
    if not end_to_end(reference):
        return Metric(None, reason=f"the reference has no timing ({unmeasured(reference)})")
    mine, other = (
        r.environment.machine.identity if r.environment else None for r in (result, reference)
    )
    if mine is None or mine != other:
        return Metric(None, reason="the reference was timed on another machine")
    if result.timing_fingerprint != reference.timing_fingerprint:
        return Metric(None, reason="the reference was timed under other settings")
    found = launches.paired(_medians(result), _medians(reference))
    return Metric(found.value, found.low, found.high, note=found.note)


def flags(result: Result) -> Metric:
    """Number of flags on the latency, a mismatch with what was asked included; the note names them."""
    found = stability.flags(result.get("timing"), result.case.protocol)
    names = [f.name for f in found] + ["not as asked"] * bool(result.mismatches)
    return Metric(float(len(names)), note=", ".join(names))


def _medians(result: Result) -> dict[int, float]:
    """Number of a process -> its median, nanoseconds."""
    launched = result.get("timing").numbered
    return {i: latency.median_ns(x.end_to_end_ns) for i, x in launched.items() if x.end_to_end_ns}


def timed(result: Result) -> list[Launch]:
    """Launches with samples."""
    timing = result.get("timing")
    return [x for x in timing.launches if x.end_to_end_ns] if timing else []


def _throughput(result: Result, samples: tuple[int, ...]) -> Metric:
    timing = result.get("timing")
    if timing.scenario in OPEN:
        return Metric(None, reason=f"{timing.scenario}: arrivals set the pace (achieved_rate_hz)")
    return Metric(latency.throughput(samples, timing.batch_size))


def estimate(found: Estimate) -> Metric:
    """From nanoseconds to ms."""
    return Metric(found.value * MS, _ms(found.low), _ms(found.high), note=found.note)


def _ms(ns: float | None) -> float | None:
    return None if ns is None else ns * MS
