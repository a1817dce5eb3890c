"""Latency and throughput, from every sample of every launch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.metrics import latency
from bench.metrics.base import Metric
from bench.metrics.catalog.base import IS_REFERENCE, absent, unmeasured
from bench.record.timing import PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.metrics.base import Source
    from bench.record.result import Result

SHARES = {
    "latency_p50_ms": 0.5,
    "latency_p90_ms": 0.9,
    "latency_p95_ms": 0.95,
    "latency_p99_ms": 0.99,
}
NAMES = (
    *SHARES,
    "latency_mean_ms",
    "latency_ratio",
    "throughput_ips",
    *(f"phase_{p}_ms" for p in PHASES),
)
MS = 1e-6
"""Milliseconds in a nanosecond."""


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of every latency metric; ms unless the name says otherwise."""
    samples = end_to_end(source.result)
    if not samples:
        return absent(NAMES, unmeasured(source.result))
    found = {name: _percentile(samples, share) for name, share in SHARES.items()}
    found["latency_p50_ms"] = _median(samples)
    found["latency_mean_ms"] = Metric(latency.mean_ns(samples) * MS)
    found["latency_ratio"] = ratio(source)
    batch = source.result.get("timing").batch_size
    found["throughput_ips"] = Metric(latency.throughput(samples, batch))
    for phase in PHASES:
        found[f"phase_{phase}_ms"] = _phase(source.result, phase)
    return found


def end_to_end(result: Result) -> tuple[int, ...]:
    """End-to-end samples of all launches, nanoseconds; empty where none was timed."""
    timing = result.get("timing")
    return tuple(t for launch in timing.launches for t in launch.end_to_end_ns) if timing else ()


def ratio(source: Source) -> Metric:
    """Median latency over the reference's, with the interval of the ratio.

    None unless both were timed on the same target, by the same machine, under the same settings.
    """
    result, reference = source.result, source.reference
    if result.case.is_reference:
        return Metric(None, reason=IS_REFERENCE)
    target = result.case.target.name
    if reference is None or reference.case.target.name != target:
        slug = result.case.reference.slug
        return Metric(None, reason=f"the reference variant {slug} wasn't measured on {target}")
    theirs = end_to_end(reference)
    if not theirs:
        return Metric(None, reason=f"the reference has no timing ({unmeasured(reference)})")
    mine, other = (
        r.environment.machine.identity if r.environment else None for r in (result, reference)
    )
    if mine is None or mine != other:
        return Metric(None, reason="the reference was timed on another machine")
    if result.timing_fingerprint != reference.timing_fingerprint:
        return Metric(None, reason="the reference was timed under other settings")
    return Metric(*latency.median_ratio(end_to_end(result), theirs))


def _percentile(samples: tuple[int, ...], share: float) -> Metric:
    found = latency.percentile(samples, share)
    return Metric(found.value_ns * MS, note=found.note)


def _phase(result: Result, phase: str) -> Metric:
    launches = result.get("timing").launches
    samples = [t for launch in launches for t in launch.phases_ns.get(phase, ())]
    if not samples:
        return Metric(None, reason=f"this backend has no phase {phase!r}")
    return _median(samples)


def _median(samples: Sequence[int]) -> Metric:
    """Median with its interval, ms."""
    value = latency.percentile(samples, 0.5).value_ns * MS
    low, high = latency.median_interval(samples)
    if low is None or high is None:
        return Metric(value, note=f"{len(samples)} samples give the median no interval")
    return Metric(value, low * MS, high * MS)
