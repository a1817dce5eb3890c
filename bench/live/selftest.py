"""What the live gate can tell on this machine, from pairs of one and the same code."""

import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import numpy as np

from bench.devices import machine
from bench.execute import probe
from bench.gate.live import POWER
from bench.jobs.measure import PairJob
from bench.live import calibrated, pair
from bench.live.prepared import Tell
from bench.measure.call import Call, timed
from bench.measure.session import LoadedCase, load_case
from bench.measure.steps.pair import slowed, stay, warm
from bench.metrics.pairs import clopper_pearson, draw_gates, log_ratio, low_ends, reach
from bench.record.base import now
from bench.record.calibration import Calibration, Rate
from bench.record.store import to_json, write_atomic
from bench.suite.policy import GatePolicy

GATES = 2000
"""Gates drawn from the pool of pairs."""
ALARMS = 0.01
"""Share of gates that may call a regression where nothing changed."""
SURE = 0.95
"""Confidence that the pairs of another day scatter no more than is allowed for."""
INSIDE = 5
"""Pairs of an isolated session and one in the caller's process."""


class Power(NamedTuple):
    """What gates drawn from A/A pairs say."""

    threshold: float
    false_alarms: Rate
    smallest: float


def run(
    job: PairJob, pairs: int, tell: Tell, *, policy: GatePolicy | None = None, seed: int = 0
) -> Calibration:
    """Calibration of this machine from `pairs` A/A pairs of a session, stored in the cache.

    There are pairs for at least two looks of the policy's gate, better five; `seed` is that of the
    order within rounds.

    Raises:
        CaseFailed: a session died.
    """
    rng, logs = pair.order(f"selftest {seed}"), []
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        for i in range(pairs):
            found = pair.live(pair.Start(job), pair.Start(job), Path(folder), rng)
            logs.append(log_ratio(found))
            left = (time.monotonic() - began) / (i + 1) * (pairs - i - 1)
            tell(f"pair {i + 1} of {pairs}: {math.exp(logs[-1]):.3f}, {left:.0f} s left")
        inside = in_process(job, Path(folder), rng)
    policy = policy or GatePolicy()
    gate_pairs = min(policy.pairs, pairs // 2)
    made = Calibration(
        machine=machine.describe(),
        case=job.case.id,
        pairs=pairs,
        log_ratios=tuple(logs),
        gate_pairs=gate_pairs,
        **power(logs, gate_pairs, policy)._asdict(),
        in_process=inside,
        measured=now(),
        code_digest=probe.code_digest(),
    )
    write_atomic(calibrated.path(made.machine), to_json(made))
    return made


def power(logs: Sequence[float], gate_pairs: int, policy: GatePolicy | None = None) -> Power:
    """Threshold that keeps false alarms under 1 %, their rate with it, and what is still seen.

    A gate calls a regression when the lower ends of both looks lie beyond the threshold, so the
    threshold is the 99th percentile of the smaller end over gates drawn from the A/A pairs, and at
    least 1. What is still seen is worked out as in `smallest_change`, each of two looks alike, with the
    upper end of a one-sided 95 % interval for the standard deviation (chi squared): another day's pairs
    may scatter more than these few did.

    The rate is in-sample, on the very pairs that set the threshold, and so at most 1 % by
    construction; the gate study judges pairs that took no part in it.
    """
    bound = (policy or GatePolicy()).live_ratio or 1.0
    ends = low_ends(draw_gates(logs, gate_pairs, GATES, seed=0)).min(axis=1)
    threshold = max(1.0, float(np.quantile(ends, 1 - ALARMS, method="higher")))
    used = max(threshold, bound)
    hits = int((ends > used).sum())
    units = len(logs) // gate_pairs  # looks that share no pair, as in `rates`
    low, high = clopper_pearson(hits / GATES * units, units)
    return Power(
        threshold=threshold,
        false_alarms=Rate(hits=hits, of=GATES, low=low, high=high),
        smallest=used * math.exp(_reach(logs, gate_pairs)),
    )


def _reach(logs: Sequence[float], gate_pairs: int) -> float:
    """Log ratio beyond the threshold that a gate of two looks shows in 95 % of cases."""
    from scipy.special import gammaincinv

    freedom = len(logs) - 1
    spread = float(np.std(logs, ddof=1)) * math.sqrt(
        freedom / (2 * float(gammaincinv(freedom / 2, 1 - SURE)))
    )
    # Pairs that lean to the fast side hide as much of a slow-down.
    lean = min(0.0, float(np.mean(logs)))
    return reach(spread, gate_pairs, POWER) - lean


def in_process(job: PairJob, folder: Path, rng: Random, pairs: int = INSIDE) -> float:
    """Median ratio of an isolated session over the same session in this very process.

    1 when isolation costs nothing: the launcher blocks while the isolated session works.
    """
    logs = []
    for _ in range(pairs):
        with pair.Side(pair.Start(job), folder / "isolated.log", "isolated", 300.0) as isolated:
            own = Inside(job)
            found = pair.take_turns(own, isolated, rng, pair.Plan())
        logs.append(log_ratio(found))
    return math.exp(median(logs))


class Inside:
    """A session in the caller's own process, as one side of a pair."""

    def __init__(self, job: PairJob) -> None:
        self._job = job
        self._loaded: LoadedCase | None = None
        self._call: Call | None = None
        self._bursts: list[tuple[int, ...]] = []
        self._seen = 0
        self._cores = pair.cores(None)

    def ready(self) -> None:
        """Open the session and warm it up."""
        self._loaded, _ = load_case(self._job.located, self._job.case.variant)
        self._call = timed(self._loaded, time.perf_counter_ns)
        warm(self._call, self._job)

    def burst(self, iterations: int, core: int | None = None) -> None:
        """Run a burst."""
        if self._call is None:
            raise RuntimeError("the session isn't ready")
        stay(() if core is None else (core,))
        at = range(self._seen, self._seen + iterations)
        self._bursts.append(tuple(slowed(self._call, i, 0.0) for i in at))
        self._seen += iterations

    def end(self) -> tuple[tuple[int, ...], ...]:
        """Nanoseconds of every burst's iterations."""
        if self._loaded is not None:
            self._loaded.session.close()
        stay(self._cores)
        return tuple(self._bursts)

    def cpu_s(self) -> float:
        """Processor time of this process so far, seconds."""
        return time.process_time()
