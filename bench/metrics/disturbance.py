"""What disturbed a measurement, from the readings beside the samples: a busy machine, throttling."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.metrics import series
from bench.record.timing import Launch

FOREIGN = 0.1
"""Processors kept busy by others, a mean: a tenth of one is more than an idle system's own upkeep."""
STEAL = 0.02
"""Processors taken by the hypervisor, a mean: as much as the median's target width of 2 %."""
PRESSURE = 0.1
"""Share of the time in which a task waited for a processor; our own threads alone seldom wait."""
MAJOR_FAULTS = 0.1
"""Page faults from disk a call: with fewer, less than a sample in ten is touched, and no median."""
SWITCHES = 100.0
"""Times a second that our threads had to give way: a rival for one core costs a switch each 3 to 10 ms."""
SHARED = 0.05
"""Processors that others must keep busy before waiting and giving way are put down to them: a
runtime's own threads, and the caller's beside them, wait for each other on an idle machine, too."""
THROTTLED = 0.05
"""Share of samples during which the GPU held its clock back."""
FALL = 0.05
"""Fall of a clock, first quarter of a process to its last: more than a governor's ripple."""
FALLING = -0.5
"""Rank correlation of the clock with time that makes it a fall and no flicker."""
DELIBERATE = 0x1 | 0x2
"""NVML: idle, and clocks that somebody set on purpose; neither is throttling."""
CAUSES = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x10: "sync boost",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
    0x100: "display clocks",
}
"""Bits of `nvmlClocksThrottleReasons` (NVML API reference)."""


def percent(share: float, digits: int = 0, sign: str = "") -> str:
    """`12 %`, as flags write shares; `sign="+"` shows it always."""
    return f"{100 * share:{sign}.{digits}f} %"


def busy(launches: Sequence[Launch]) -> str:
    """What others took while the samples ran, and what it did to them; empty where that is little."""
    others = _mean(launches, "foreign_cpu")
    alone = others is not None and others <= SHARED
    said = [*_shares(launches, alone=alone), *_events(launches, alone=alone)]
    found = [r for launch in launches if (r := _bond(launch)) is not None]
    if not said or not found:
        return ", ".join(said)
    bond = f"rank correlation of a sample's time with what others took: {np.median(found):.2f}"
    return f"{', '.join(said)}; {bond}"


def throttled(launches: Sequence[Launch]) -> str:
    """The GPU's own reasons, or a clock that fell from start to end; empty where there is neither."""
    return "; ".join([*_masks(launches), *_falls(launches)])


def _mean(launches: Sequence[Launch], kind: str) -> float | None:
    """Mean of a reading over all samples; None where nothing was read."""
    values = np.concatenate([_reading(x, kind) for x in launches])
    values = values[np.isfinite(values)]
    return float(values.mean()) if values.size else None


def _shares(launches: Sequence[Launch], *, alone: bool) -> list[str]:
    limits = {
        "foreign_cpu": (FOREIGN, "other programs kept {} processors busy"),
        "steal": (STEAL, "the hypervisor took {} processors"),
        "pressure": (PRESSURE, "a task waited for a processor in {} of the time"),
    }
    said = []
    for kind, (limit, words) in limits.items():
        mean = None if alone and kind == "pressure" else _mean(launches, kind)
        if mean is not None and mean > limit:
            said.append(words.format(percent(mean) if kind == "pressure" else f"{mean:.2f}"))
    return said


def _events(launches: Sequence[Launch], *, alone: bool) -> list[str]:
    said = []
    calls = sum(len(x.end_to_end_ns) for x in launches if "major_faults" in x.totals)
    faults = sum(x.totals.get("major_faults", 0.0) for x in launches)
    if calls and faults / calls > MAJOR_FAULTS:
        said.append(f"{faults / calls:.1f} page faults a call read from disk")
    told = [x.totals for x in launches if {"involuntary_switches", "wall_s"} <= set(x.totals)]
    wall = sum(t["wall_s"] for t in told)
    switches = sum(t["involuntary_switches"] for t in told)
    if wall and switches / wall > SWITCHES and not alone:
        said.append(f"our threads had to give way {switches / wall:.0f} times a second")
    return said


def _bond(launch: Launch) -> float | None:
    """Rank correlation of a process's samples with what others took beside them."""
    others = _reading(launch, "foreign_cpu")
    times = np.asarray(launch.end_to_end_ns, np.float64)
    if len(others) != len(times):
        return None
    there = np.isfinite(others)
    if there.sum() < series.FEWEST:
        return None
    return series.correlation(times[there], others[there])


def _masks(launches: Sequence[Launch]) -> list[str]:
    every = np.concatenate([_reading(x, "throttle") for x in launches])
    masks = every[np.isfinite(every)].astype(np.int64) & ~DELIBERATE
    share = float((masks != 0).mean()) if masks.size else 0.0
    if share <= THROTTLED:
        return []
    seen = int(np.bitwise_or.reduce(masks))
    named = [words for bit, words in CAUSES.items() if seen & bit]
    why = f" ({', '.join(named)})" if named else ""
    return [f"the GPU held its clock back{why} in {percent(share)} of the samples"]


def _falls(launches: Sequence[Launch]) -> list[str]:
    said = []
    for kind, name in (("clock_mhz", "processor's"), ("sm_clock_mhz", "GPU's")):
        falls = [f for x in launches if (f := _fall(_reading(x, kind)))]
        if falls:
            first, last = max(falls, key=lambda f: f[0] / f[1])
            said.append(
                f"the {name} clock fell from {first:.0f} to {last:.0f} MHz "
                f"in {len(falls)} of {len(launches)} processes"
            )
    return said


def _fall(clock: NDArray[np.float64]) -> tuple[float, float] | None:
    clock = clock[np.isfinite(clock)]
    if len(clock) < series.FEWEST:
        return None
    quarter = len(clock) // 4
    first, last = float(np.median(clock[:quarter])), float(np.median(clock[-quarter:]))
    along = series.correlation(clock, np.arange(len(clock), dtype=np.float64)) or 0.0
    return (first, last) if last < (1 - FALL) * first and along <= FALLING else None


def _reading(launch: Launch, kind: str) -> NDArray[np.float64]:
    """NaN where nothing was read."""
    return np.array(launch.readings.get(kind, ()), np.float64)
