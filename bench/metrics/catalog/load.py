"""Load that comes at its own pace: latency under load, missed deadlines, age of the result."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bench.metrics import latency, launches, streams
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import absent, names_of, unmeasured
from bench.metrics.catalog.latency import MS, estimate
from bench.record.timing import Stream

SERVER = {f"latency_under_load_p{100 * p:g}_ms": p for p in (0.5, 0.9, 0.99)}
AGE = tuple(f"result_age{at}_{p}_ms" for at in ("", "_peak") for p in ("p50", "p99"))
CAMERA = ("dropped_frames", *AGE)
NAMES = names_of("load")


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number; each metric of a scenario that wasn't run is None with that as its reason."""
    timing = source.result.get("timing")
    found = [x.stream for x in timing.launches if x.stream] if timing else []
    if not found:
        why = f"scenario {timing.scenario}" if timing else unmeasured(source.result)
        return absent(NAMES, why)
    late = [m for s in found if (m := streams.missed(s)) is not None]
    numbers = {
        "missed_deadlines": _mean(late, "the protocol sets no deadline_ms"),
        "utilisation": _rate(found, streams.utilisation),
        "achieved_rate_hz": _rate(found, streams.achieved_hz),
    }
    if timing.scenario == "server":
        every = [streams.latencies(s) for s in found]
        numbers |= {name: _share(every, share) for name, share in SERVER.items()}
        return numbers | absent(CAMERA, "scenario server: every arrival waits its turn")
    at, peak = zip(*(streams.ages(s) for s in found), strict=True)
    ages = (_share(a, share) for a in (at, peak) for share in (0.5, 0.99))
    numbers |= dict(zip(AGE, ages, strict=True))
    numbers["dropped_frames"] = _mean([streams.dropped(s) for s in found], "nothing arrived")
    return numbers | absent(SERVER, f"scenario {timing.scenario}: see result_age_p50_ms")


def _share(sets: Sequence[NDArray[np.float64]], share: float) -> Metric:
    """Percentile over all processes, ms; the median is the processes' own, with their interval."""
    every = np.concatenate(sets)
    if not len(every):
        return Metric(None, reason="no result came")
    found = latency.percentile(every.tolist(), share)
    if found.value_ns is None:
        return Metric(None, reason=found.reason)
    medians = [latency.median_ns(s.tolist()) for s in sets if len(s)]
    if not np.isfinite([found.value_ns, *medians]).all():
        unfinished = int(np.isinf(every).sum())
        return Metric(None, reason=f"{unfinished} of {len(every)} arrivals never got a result")
    return estimate(launches.over(medians)) if share == 0.5 else Metric(found.value_ns * MS)


def _mean(found: Sequence[NDArray[np.bool_]], reason: str) -> Metric:
    """Share of all arrivals, those of all processes together."""
    every = np.concatenate(found) if found else np.array([], bool)
    return Metric(float(every.mean())) if len(every) else Metric(None, reason=reason)


def _rate(found: Sequence[Stream], of: Callable[[Stream], float | None]) -> Metric:
    """Mean over the processes."""
    values = [v for s in found if (v := of(s)) is not None]
    return Metric(float(np.mean(values))) if values else Metric(None, reason="no result came")
