"""A suite's cases as benchmarks of pytest-benchmark, and the gate between two runs of it."""

from __future__ import annotations

from collections import deque

import pytest

from bench.metrics.rows import rows
from bench.record.store import read_run

CLOCK: deque[float] = deque()
"""Seconds that the clock will tell."""


def recorded() -> float:
    """Next time of the clock: pytest-benchmark's rounds last as long as the record's samples."""
    return CLOCK.popleft()


@pytest.mark.benchmark(timer=recorded)
def test_latency(runs, number, case, benchmark):
    row = next(r for r in rows(read_run(runs / number)) if r.id == case)
    if row.status == "skipped":
        pytest.skip(row.result.reason)
    assert row.status != "failed", row.result.reason
    timing = row.result.get("timing")
    samples_s = [ns / 1e9 for launch in timing.launches for ns in launch.end_to_end_ns]
    CLOCK.extend(tick for sample in samples_s for tick in (0.0, sample))
    benchmark.group = case
    benchmark.extra_info |= {
        name: metric.value for name, metric in row.metrics.items() if metric.value is not None
    }
    benchmark.pedantic(lambda: None, rounds=len(samples_s))
    assert not CLOCK


def test_gate_does_not_tell_the_runs_apart(runs, command):
    assert command("gate", str(runs / "second"), "--baseline", str(runs / "first")) == 0
