"""Latency and throughput: a number a process, and the interval between processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.metrics import latency, launches, stability
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import IS_REFERENCE, absent, names_of, unmeasured
from bench.metrics.estimate import Estimate
from bench.record.base import Absent
from bench.record.result import Result
from bench.record.timing import PHASES, Launch

SHARES = {"latency_p90_ms": 0.9, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}
NAMES = names_of("latency")
MS = 1e-6
"""Milliseconds in a nanosecond."""
STREAMS = ("server", "constant_stream")


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of every latency metric; ms unless the name says otherwise."""
    result = source.result
    samples = end_to_end(result)
    if not samples:
        return absent(NAMES, unmeasured(result))
    timed = _timed(result)
    sets = [x.end_to_end_ns for x in timed]
    of = {name: latency.percentile(samples, s) for name, s in SHARES.items()}
    last, scatter = of["latency_p99_ms"], launches.variances(sets)
    alone = f"one process: {launches.AGAIN}" if len(sets) == 1 else ""
    return {
        "latency_p50_ms": median(sets),
        **{name: Metric(_ms(p.value_ns), reason=p.reason) for name, p in of.items()},
        "latency_p99_bound_ms": Metric(_ms(last.bound_ns), reason=last.reason),
        "latency_mean_ms": Metric(latency.mean_ns(samples) * MS),
        "latency_ratio": ratio(source),
        "latency_process_ms": estimate(launches.within(middle(sets))),
        "latency_between": Metric(scatter.between, reason=alone),
        "latency_within": Metric(scatter.within),
        "latency_worth": Metric(scatter.worth, reason=alone),
        "latency_flags": flags(result),
        "throughput_ips": _throughput(result, samples),
        **{f"phase_{p}_ms": _phase(timed, p) for p in PHASES},
        "phase_gap": _gap(timed),
        "energy_image_j": _energy(result, timed),
    }


def end_to_end(result: Result) -> tuple[int, ...]:
    """End-to-end samples of all launches, nanoseconds; empty where none was timed."""
    return tuple(t for launch in _timed(result) for t in launch.end_to_end_ns)


def median(sets: Sequence[Sequence[int]]) -> Metric:
    """Geometric mean of the processes' medians, ms, with the interval between processes."""
    whole = latency.percentile([t for s in sets for t in s], 0.5)
    if whole.reason:
        return Metric(None, reason=whole.reason)
    return estimate(launches.over([latency.median_ns(s) for s in sets]))


def middle(sets: Sequence[Sequence[int]]) -> Sequence[int]:
    """Samples of the process whose median is the middle one, or the lower of two."""
    ordered = sorted(sets, key=latency.median_ns)
    return ordered[(len(ordered) - 1) // 2]


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


def _timed(result: Result) -> list[Launch]:
    timing = result.get("timing")
    return [x for x in timing.launches if x.end_to_end_ns] if timing else []


def _throughput(result: Result, samples: tuple[int, ...]) -> Metric:
    timing = result.get("timing")
    if timing.scenario in STREAMS:
        return Metric(None, reason=f"{timing.scenario}: arrivals set the pace (achieved_rate_hz)")
    return Metric(latency.throughput(samples, timing.batch_size))


def _phase(timed: Sequence[Launch], phase: str) -> Metric:
    sets = [x.phases_ns[phase] for x in timed if x.phases_ns.get(phase)]
    if not sets:
        return Metric(None, reason=f"this backend has no phase {phase!r}")
    # Why there is no interval is said at the whole, once.
    return replace(median(sets), note="")


def _gap(timed: Sequence[Launch]) -> Metric:
    """(Sum of end-to-end times - sum of all phases) / sum of end-to-end times, fraction."""
    told = [x for x in timed if x.phases_ns]
    if not told:
        return Metric(None, reason="no phases were timed")
    if any(len(v) not in {0, len(x.end_to_end_ns)} for x in told for v in x.phases_ns.values()):
        return Metric(None, reason="some iterations lack a phase")
    whole = sum(sum(x.end_to_end_ns) for x in told)
    return Metric((whole - sum(sum(v) for x in told for v in x.phases_ns.values())) / whole)


def _energy(result: Result, timed: Sequence[Launch]) -> Metric:
    """Joules an image, all kinds that the machine tells together; the note says which it doesn't."""
    kinds = dict.fromkeys(kind for x in timed for kind in x.energy_j)
    if not kinds:
        return Metric(None, reason="the record holds no reading of energy")
    missing, total = [], 0.0
    images = result.get("timing").batch_size * sum(len(x.end_to_end_ns) for x in timed)
    for kind in kinds:
        read = [x.energy_j.get(kind, Absent(reason="a process didn't read it")) for x in timed]
        reason = next((v.reason for v in read if isinstance(v, Absent)), None)
        if reason is None:
            total += sum(v for v in read if not isinstance(v, Absent))
        else:
            missing.append(f"{kind}: {reason}")
    note = "; ".join(missing)
    if len(missing) == len(kinds):
        return Metric(None, reason=note)
    return Metric(total / images, note=note and f"without {note}")


def estimate(found: Estimate) -> Metric:
    """From nanoseconds to ms."""
    return Metric(found.value * MS, _ms(found.low), _ms(found.high), note=found.note)


def _ms(ns: float | None) -> float | None:
    return None if ns is None else ns * MS
