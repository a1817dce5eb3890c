"""Samples of processes that never ran: lognormal, with one planted defect at a time; queues."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.record.timing import Launch, Stream, TimingMeasurement
from bench.suite.protocol import Protocol

MS = 1_000_000
DEFECTS = (
    "dispersion",
    "slow samples",
    "drift",
    "bimodality",
    "autocorrelation",
    "throttling",
    "falling clock",
    "busy machine",
    "switches",
    "too few samples",
    "few processes",
)
FLAG = {
    "slow samples": "dispersion",
    "falling clock": "throttling",
    "switches": "busy machine",
}
"""Defect -> name of its flag, where that is another word."""


def ar1(rng: np.random.Generator, n: int, r: float) -> np.ndarray:
    """Standard normal values, each of which remembers the last."""
    x = rng.normal(size=n)
    for i in range(1, n):
        x[i] = r * x[i - 1] + np.sqrt(1 - r * r) * x[i]
    return x


def launch(samples_ns: np.ndarray, **more: Any) -> Launch:
    """One process with these samples."""
    return Launch(end_to_end_ns=tuple(int(x) for x in samples_ns), stopped="iterations", **more)


def timing(
    seed: int,
    defect: str = "",
    *,
    launches: int = 3,
    n: int = 100,
    noise: float = 0.04,
    between: float = 0.03,
    median_ms: float = 20.0,
) -> TimingMeasurement:
    """Lognormal samples of a few processes; a defect of DEFECTS is planted into all of them."""
    rng = np.random.default_rng(seed)
    n = 20 if defect == "too few samples" else n
    launches = 1 if defect == "few processes" else launches
    made = []
    for _ in range(launches):
        z = noise * (ar1(rng, n, 0.7) if defect == "autocorrelation" else rng.normal(size=n))
        if defect == "dispersion":
            z *= 0.25 / noise
        elif defect == "slow samples":
            z[rng.permutation(n)[: n // 14]] += 1.0
        elif defect == "drift":
            z += np.linspace(0, 0.15, n)
        elif defect == "bimodality":
            z = z / 4 + 0.2 * (rng.random(n) < 0.3)
        readings: dict[str, Any] = {
            "foreign_cpu": tuple(rng.exponential(0.02, n)),
            "clock_mhz": tuple(2500 + rng.normal(0, 10, n)),
            "throttle": (1.0,) * n,
        }
        totals = {"involuntary_switches": 3.0, "wall_s": 2.0, "major_faults": 0.0}
        if defect == "throttling":
            readings["throttle"] = tuple(np.where(np.arange(n) > n / 2, 0x24, 0).astype(float))
        elif defect == "falling clock":
            readings["clock_mhz"] = tuple(np.linspace(2500, 2000, n))
        elif defect == "busy machine":
            others = rng.uniform(0, 0.8, n)
            readings["foreign_cpu"], z = tuple(others), z + 0.02 * others
        elif defect == "switches":
            totals["involuntary_switches"] = 1000.0
            readings["foreign_cpu"] = (0.08,) * n
        base = median_ms * MS * np.exp(rng.normal(0, between))
        made.append(launch(base * np.exp(z), readings=readings, totals=totals))
    return TimingMeasurement(launches=tuple(made))


def server(
    seed: int, load: float, n: int = 300, call_ms: float = 10.0, deadline_ms: float = 0.0
) -> Stream:
    """A FIFO queue of Poisson arrivals before one server; load 1 = as much as it can take."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(call_ms * MS / load, n)
    due = np.concatenate([[0.0], np.cumsum(gaps)[:-1]])
    call = call_ms * MS * np.exp(rng.normal(0, 0.05, n))
    begun, done, free = np.zeros(n), np.zeros(n), 0.0
    for i in range(n):
        begun[i] = max(due[i], free)
        free = done[i] = begun[i] + call[i]
    times = [tuple(int(x) for x in t) for t in (due, due, begun, done)]
    return Stream(
        rate_hz=1000 * load / call_ms,
        deadline_ns=int(deadline_ms * MS),
        due_ns=times[0],
        sent_ns=times[1],
        begun_ns=times[2],
        done_ns=times[3],
    )


def camera(n: int = 300, period_ms: float = 10.0, call_ms: float = 4.0) -> Stream:
    """A camera whose newest frame is taken whenever the system is free; calls take equally long."""
    period, call = int(period_ms * MS), int(call_ms * MS)
    due = [i * period for i in range(n)]
    begun: list[int | None] = [None] * n
    done: list[int | None] = [None] * n
    free = 0
    for i in range(n):
        # The frame is taken unless, by the time the system is free, a newer one is there.
        at = max(due[i], free)
        if i + 1 == n or at < due[i + 1]:
            begun[i], done[i] = at, at + call
            free = at + call
    return Stream(
        rate_hz=1000 / period_ms,
        deadline_ns=period,
        due_ns=tuple(due),
        sent_ns=tuple(due),
        begun_ns=tuple(begun),
        done_ns=tuple(done),
    )


def streamed(scenario: Any, *streams: Stream) -> TimingMeasurement:
    """Timing of a scenario, one process a stream."""
    launches = []
    for s in streams:
        pairs = zip(s.begun_ns, s.done_ns, strict=True)
        calls = tuple(d - b for b, d in pairs if b is not None and d is not None)
        launches.append(Launch(end_to_end_ns=calls, stream=s, stopped="iterations"))
    return TimingMeasurement(scenario=scenario, launches=tuple(launches))


PROTOCOL = Protocol()
