"""What the machine does while a session is timed, read between the calls.

A read is a system call or two on a file that stays open; what a sample had beside it is worked out
afterwards, so that nothing but reading happens between the calls.
"""

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.devices.base import Device
from bench.measure import counters
from bench.measure.call import Clock
from bench.record.base import Absent
from bench.record.timing import READINGS

SLOW_NS = 10_000_000
"""Between two reads of steal and pressure: the kernel counts steal in ticks of 10 ms."""
CLOCK_NS = 250_000_000
"""Between two reads of the processor's clock: each may interrupt every core."""
GPU_NS = 100_000_000
"""Between two reads through NVML: it renews its own figures about as often."""


@dataclass(frozen=True)
class Source:
    """Something that is read at once."""

    kinds: tuple[str, ...]
    """Of `READINGS`."""
    read: Callable[[], tuple[float | None, ...]]
    counter: bool
    """It counts nanoseconds, whose share of the time is recorded; else it is a gauge."""
    every_ns: int = 0
    """Least time between two reads."""


class Poller:
    """Readings of one process; `absent` says why the others are missing."""

    def __init__(self, sources: Sequence[Source], absent: dict[str, str], clock: Clock) -> None:
        self._sources = tuple(sources)
        self._clock = clock
        self._next = [0] * len(self._sources)
        self._times: list[list[int]] = [[] for _ in self._sources]
        self._values: list[list[tuple[float | None, ...]]] = [[] for _ in self._sources]
        self.absent = absent

    def read(self, *, everything: bool = False) -> None:
        """Read every source whose time has come."""
        now = self._clock()
        for k, source in enumerate(self._sources):
            if everything or now >= self._next[k]:
                at = self._clock()
                self._values[k].append(source.read())
                self._times[k].append(at)
                self._next[k] = at + source.every_ns

    def beside(
        self, starts: Sequence[int], ends: Sequence[int]
    ) -> dict[str, tuple[float | None, ...]]:
        """Kind -> what was read beside each sample, which the clock saw from start to end.

        A counter gives its mean between the last read before a sample and the first one after; a
        gauge its last value before the sample's end.
        """
        found: dict[str, tuple[float | None, ...]] = {}
        for source, read_at, values in zip(self._sources, self._times, self._values, strict=True):
            at = np.asarray(read_at, np.int64)
            after = np.searchsorted(at, ends, "left").clip(max=len(at) - 1)
            before = (np.searchsorted(at, starts, "right") - 1).clip(min=0)
            last = (np.searchsorted(at, ends, "right") - 1).clip(min=0)
            for column, kind in enumerate(source.kinds):
                line = [row[column] for row in values]
                if source.counter:
                    windows = zip(before.tolist(), after.tolist(), strict=True)
                    found[kind] = tuple(_rate(line, read_at, a, b) for a, b in windows)
                else:
                    found[kind] = tuple(line[i] for i in last.tolist())
        return found


def _rate(line: list[float | None], at: list[int], first: int, last: int) -> float | None:
    """Mean between two reads of a counter; it may be a little below 0 where it is a difference."""
    low, high, span = line[first], line[last], at[last] - at[first]
    return None if low is None or high is None or span <= 0 else round((high - low) / span, 4)


def poller(device: Device, clock: Clock, root: Path = Path("/")) -> Poller:
    """Poller of this machine; `root` is where proc and sys lie."""
    found = {
        "foreign_cpu": (counters.foreign(root), True, 0),
        "steal": (counters.steal(root), True, SLOW_NS),
        "pressure": (counters.pressure(root), True, SLOW_NS),
        "clock_mhz": (counters.clock_mhz(root), False, CLOCK_NS),
    }
    sources, absent = [], {}
    for kind, (read, counter, every) in found.items():
        if isinstance(read, Absent):
            absent[kind] = read.reason
        else:
            sources.append(Source((kind,), _alone(read), counter, every))
    gauges = device.readings()
    absent |= {k: v.reason for k, v in gauges.items() if isinstance(v, Absent)}
    kinds = tuple(k for k in gauges if k not in absent)
    if kinds:
        sources.append(Source(kinds, _together(device, kinds), counter=False, every_ns=GPU_NS))
    untold = {k: f"{device.name} doesn't tell it" for k in READINGS if k not in gauges}
    return Poller(sources, {**{k: v for k, v in untold.items() if k not in found}, **absent}, clock)


def _alone(read: Callable[[], float]) -> Callable[[], tuple[float | None, ...]]:
    return lambda: (read(),)


def _together(device: Device, kinds: tuple[str, ...]) -> Callable[[], tuple[float | None, ...]]:
    """Figures of a GPU, None where one can't be read any more."""

    def read() -> tuple[float | None, ...]:
        values = device.readings()
        return tuple(v if isinstance(v := values[k], float) else None for k in kinds)

    return read


def totals() -> dict[str, float]:
    """Kind (`bench.record.timing.TOTALS`) -> what this process used up since it began."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "major_faults": used.ru_majflt,
        "minor_faults": used.ru_minflt,
        "voluntary_switches": used.ru_nvcsw,
        "involuntary_switches": used.ru_nivcsw,
        "cpu_s": used.ru_utime + used.ru_stime,
        "wall_s": time.perf_counter(),
    }


def since(before: dict[str, float]) -> dict[str, float]:
    """Differences to earlier totals."""
    return {kind: round(value - before[kind], 9) for kind, value in totals().items()}
