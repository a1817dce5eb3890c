"""Energy from the machine's own counters: RAPL of the processor, NVML of the GPU.

A counter covers all work of the package or board; it is read before and after the measured region.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.devices.base import Device
from bench.record.base import Absent

RAPL = Path("/sys/class/powercap")
"""Linux's power capping framework; `intel-rapl:0` is a package, on AMD's processors, too."""
NO_RAPL = "this machine shows no RAPL counter ({root} has no {zone} zone)"
READABLE = "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj"


@dataclass(frozen=True)
class Counter:
    """One register that counts joules and wraps around."""

    read: Callable[[], float]
    """Raises OSError or ValueError where it can't be read any more."""
    range: float = 0.0
    """Largest value before it starts again at 0; 0 = it never does."""


class Meter:
    """Counters by kind: `package`, `dram`, `gpu`; a kind is a sum of counters, or absent."""

    def __init__(self, counters: dict[str, list[Counter] | Absent]) -> None:
        self._counters = counters
        self._before: dict[str, list[float] | Absent] = {}

    def start(self) -> None:
        """Read every counter."""
        self._before = {kind: _readings(found) for kind, found in self._counters.items()}

    def stop(self) -> dict[str, float | Absent]:
        """Kind -> joules since `start`, or why they are unknown."""
        return {kind: self._spent(kind, found) for kind, found in self._counters.items()}

    def _spent(self, kind: str, counters: list[Counter] | Absent) -> float | Absent:
        """Sum of the differences; one wrap-around is seen, a second can't be."""
        before = self._before.get(kind, Absent(reason="the meter was never started"))
        after = _readings(counters)
        if isinstance(counters, Absent):
            return counters
        if isinstance(before, Absent):
            return before
        if isinstance(after, Absent):
            return after
        steps = zip(counters, before, after, strict=True)
        return math.fsum(a - b + (c.range if a < b else 0.0) for c, b, a in steps)


def meter(device: Device, root: Path = RAPL) -> Meter:
    """Meter of the processor, and of the GPU where the device is one."""
    return Meter({
        "package": _rapl(root, "package"),
        "dram": _rapl(root, "dram"),
        "gpu": _gpu(device),
    })


def _rapl(root: Path, kind: str) -> list[Counter] | Absent:
    """Counters of all packages, or of the memory beside each."""
    found = []
    # Linux lists a package as intel-rapl:0 and its parts, such as the memory, as intel-rapl:0:1.
    for zone in sorted(root.glob("intel-rapl:*")):
        try:
            if (zone / "name").read_text().strip().startswith(kind):
                top = _joules(zone / "max_energy_range_uj")
                found.append(Counter(partial(_joules, zone / "energy_uj"), top))
                found[-1].read()
        except PermissionError:
            return Absent(reason=f"only root may read {zone / 'energy_uj'} ({READABLE})")
        except (OSError, ValueError) as e:
            return Absent(reason=f"{zone} can't be read: {e}")
    return found or Absent(reason=NO_RAPL.format(root=root, zone=kind))


def _joules(path: Path) -> float:
    return int(path.read_text()) / 1e6


def _gpu(device: Device) -> list[Counter] | Absent:
    first = device.energy_j()
    return first if isinstance(first, Absent) else [Counter(partial(_told, device))]


def _told(device: Device) -> float:
    found = device.energy_j()
    if isinstance(found, Absent):
        raise OSError(found.reason)
    return found


def _readings(counters: list[Counter] | Absent) -> list[float] | Absent:
    if isinstance(counters, Absent):
        return counters
    try:
        return [counter.read() for counter in counters]
    except (OSError, ValueError) as e:
        return Absent(reason=f"the counter stopped answering: {e}")
