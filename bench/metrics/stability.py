"""Flags: what makes a latency doubtful, each with its figure and advice. No sample is ever deleted.

The limits are set so that independent lognormal samples of three or more processes raise no flag in
more than 95 % of sets, and each planted defect raises its own flag and no other;
tests/metrics/test_stability.py simulates both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from bench.metrics import launches as processes
from bench.metrics import series, streams
from bench.metrics.disturbance import busy, percent, throttled
from bench.metrics.latency import needed
from bench.record.timing import Launch, TimingMeasurement
from bench.suite.protocol import Protocol

ALARM = 0.002
"""False alarms of one test over all processes of a case; three such tests stay far under 5 %."""
DISPERSION = 0.1
"""Robust standard deviation: pyperf calls a benchmark unstable from 10 % of the mean on."""
SLOW, SLOW_SHARE = 1.5, 0.05
"""Samples of more than 1.5 medians, 5 % of them: they make p95 what it is, and no MAD sees them."""
DRIFT = 0.02
"""From first to last sample: the width to which the median is to be known (`median_width`)."""
MODES = 5.0
"""Ashman's D, distance of two halves over their standard deviation: 2.65 for one normal
distribution cut at its middle, 3.46 for a uniform one."""
MODE_SHARE, MODE_GAP, MODE_SAMPLES = 0.1, 0.05, 30
"""The smaller mode holds a tenth of at least 30 samples, and the centres are 5 % apart: less would
hardly move a median, is a handful of outliers, or chance (20 normal samples split in 1 % of sets)."""
PROCESSES = 3
"""With one process there is no interval, with two its factor is 12.7; from three on it is usable."""
SAMPLES = needed(0.9)
"""Samples of a process below which not even its p90 can be claimed."""
DROPPED = 0.01
"""Share of a camera's frames that were never looked at from which the system is too slow for it."""


@dataclass(frozen=True)
class Flag:
    """Something that was found in the samples or beside them."""

    name: str
    """`drift`, `busy machine` ..."""
    sentence: str
    """What was found, with the figure."""
    advice: str


def flags(timing: TimingMeasurement, protocol: Protocol) -> tuple[Flag, ...]:
    """Everything that makes these latencies doubtful, in a fixed order; empty = nothing was found."""
    timed = [x for x in timing.launches if x.end_to_end_ns]
    if not timed:
        return ()
    sets = [x.end_to_end_ns for x in timed]
    # fmt: off
    found = (
        ("dispersion", _dispersion(sets),
         "Look for what comes and goes beside it; raise iterations."),
        ("drift", _drift(sets),
         "Raise warmup; let the machine come to a steady clock and temperature."),
        ("bimodality", _bimodality(sets),
         "Find what switches: clocks, threads placed on other cores, images of two sizes, a cache."),
        ("autocorrelation", _autocorrelation(sets),
         "Trust the interval between processes; more launches tell more than more iterations."),
        ("throttling", throttled(timed),
         "Let it cool down, mend the cooling or the power limit, or lock a clock that it can hold."),
        ("busy machine", busy(timed),
         "Stop other programs, or take another hour or machine; compare variants by live pairs only."),
        ("overload", _queue(timing),
         "Lower the rate; at this one latencies depend on how long the run was."),
        ("overload", _replaced(timing),
         "Lower the camera's rate, or take a faster variant."),
        ("too few samples", _samples(timed, protocol),
         "Raise timing_limit_s or max_iterations; on a noisy machine more launches help more."),
        ("few processes", _processes(len(sets)),
         "launches = 5 in the protocol."),
    )
    # fmt: on
    return tuple(Flag(*words) for words in found if words[1])


def _dispersion(sets: Sequence[Sequence[int]]) -> str:
    wide = processes.variances(sets).within
    slow = float(np.mean([np.mean(np.asarray(s) > SLOW * np.median(s)) for s in sets]))
    said = []
    if wide > DISPERSION:
        said.append(f"samples scatter by {percent(wide)} of the median (robust standard deviation)")
    if slow >= SLOW_SHARE and sum(map(len, sets)) >= SAMPLES:
        said.append(f"{percent(slow)} of the samples took more than {SLOW:g} medians")
    return "; ".join(said)


def _drift(sets: Sequence[Sequence[int]]) -> str:
    z = _quantile(len(sets))
    moved = [d for s in sets if (d := _moved(series.logs(s), z))]
    if not moved:
        return ""
    most = math.expm1(max(moved, key=abs))
    return (
        f"latency moved by {percent(most, 1, '+')} from first to last sample in {_of(moved, sets)}"
    )


def _moved(values: NDArray[np.float64], z: float) -> float | None:
    """Change of the logarithm over a process, where it is large and no chance; else None."""
    if len(values) < series.FEWEST:
        return None
    moved = series.change(values)
    if abs(moved) <= DRIFT:
        return None
    along = series.correlation(values, np.arange(len(values), dtype=np.float64)) or 0.0
    # Autocorrelated samples wander: only what independent ones could show counts.
    sure = abs(along) * math.sqrt(series.independent(values) - 1)
    return moved if sure > z else None


def _bimodality(sets: Sequence[Sequence[int]]) -> str:
    split = [m for s in sets if (m := modes(s))]
    if not split:
        return ""
    low, high, share = max(split, key=lambda m: m[1] / m[0])
    return (
        f"samples fall into two groups in {_of(split, sets)}: "
        f"{low / 1e6:.3g} ms, and {high / 1e6:.3g} ms in {percent(share)} of the samples"
    )


def modes(samples_ns: Sequence[int]) -> tuple[float, float, float] | None:
    """Centres of two groups, nanoseconds, and the share of the slower one; None where there is one.

    The cut is Otsu's (1979), between the groups that differ most; they are two if Ashman's D
    = sqrt(2) |m1 - m2| / sqrt(s1^2 + s2^2) (Ashman, Bird & Zepf, 1994) is larger than MODES.
    """
    n = len(samples_ns)
    if n < MODE_SAMPLES:
        return None
    values = np.sort(series.logs(samples_ns))
    at = np.arange(math.ceil(MODE_SHARE * n), n - math.ceil(MODE_SHARE * n) + 1)
    total = np.cumsum(values)
    means = total[at - 1] / at, (total[-1] - total[at - 1]) / (n - at)
    cut = int(at[np.argmax(at * (n - at) * (means[1] - means[0]) ** 2)])
    low, high = values[:cut], values[cut:]
    gap = float(high.mean() - low.mean())
    noise = math.sqrt(float(low.var(ddof=1) + high.var(ddof=1)) / 2)
    if gap <= MODE_GAP or gap <= MODES * noise:
        return None
    return math.exp(low.mean()), math.exp(high.mean()), (n - cut) / n


def _autocorrelation(sets: Sequence[Sequence[int]]) -> str:
    z = max(processes.SERIAL_Z, _quantile(len(sets)))
    bound = [r for s in sets if (r := processes.remembers(s, z)) is not None]
    if not bound:
        return ""
    return (
        f"a sample resembles the one before it (rank correlation {max(bound):.2f}) "
        f"in {_of(bound, sets)}: the interval within a process comes from a block bootstrap"
    )


def _queue(timing: TimingMeasurement) -> str:
    if timing.scenario != "server":
        return ""
    queue = streams.backlog([x.stream for x in timing.launches if x.stream])
    if queue is None or not queue.grew:
        return ""
    return (
        f"the queue grew to the end: arrivals waited {queue.first_ns / 1e6:.3g} ms in the first "
        f"quarter and {queue.last_ns / 1e6:.3g} ms in the last"
    )


def _replaced(timing: TimingMeasurement) -> str:
    frames = [streams.dropped(x.stream) for x in timing.launches if x.stream]
    share = float(np.concatenate(frames).mean()) if frames else 0.0
    if timing.scenario != "constant_stream" or share <= DROPPED:
        return ""
    return f"{percent(share, 1)} of the frames were replaced before the system could take them"


def _samples(timed: Sequence[Launch], protocol: Protocol) -> str:
    fewest = min(len(x.end_to_end_ns) for x in timed)
    target = protocol.median_width
    # Without a width, autocorrelated samples were worth too few for one.
    late = [x for x in timed if x.width is not None or _cut_short(x, protocol)]
    loose = [x.width for x in late if target and (x.width is None or x.width > target)]
    said = []
    if fewest < SAMPLES:
        said.append(f"{fewest} samples of a process (p90 needs {SAMPLES})")
    if loose and target:
        widths = [w for w in loose if w is not None]
        known = f"to {percent(max(widths), 1)}" if len(widths) == len(loose) else "to nothing"
        said.append(
            f"the median is known {known} where {percent(target, 1)} was asked, "
            f"in {_of(loose, timed)}"
        )
    return "; ".join(said)


def _cut_short(launch: Launch, protocol: Protocol) -> bool:
    """Whether a limit of time or number ended the timing."""
    full = launch.stopped == "iterations" and len(launch.end_to_end_ns) >= protocol.max_iterations
    return full or launch.stopped == "time limit"


def _processes(count: int) -> str:
    if count >= PROCESSES:
        return ""
    said = "one process was timed: it shows nothing of"
    if count == 2:
        said = "two processes were timed: they show next to nothing of"
    return f"{said} what changes from process to process"


def _of(some: Sequence[object], every: Sequence[object]) -> str:
    return f"{len(some)} of {len(every)} processes" if len(every) > 1 else "its process"


def _quantile(count: int) -> float:
    """Standard errors that one of so many processes exceeds by chance in ALARM of all cases."""
    return NormalDist().inv_cdf(1 - ALARM / 2 / count)
