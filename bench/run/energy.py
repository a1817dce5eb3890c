"""Energy from the machine's own counters: RAPL of the processor, NVML of the GPU.

A counter covers the whole package or board, whoever used it; it is read before and after, so
reading it costs the measured region nothing.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.record.base import Absent

RAPL = Path("/sys/class/powercap")
"""Linux's power capping framework; `intel-rapl:0` is a package, on AMD's processors, too."""
MICRO, MILLI = 1e-6, 1e-3
NO_RAPL = "this machine shows no RAPL counter ({root} has no {zone} zone)"
READABLE = "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj"


@dataclass(frozen=True)
class Counter:
    """One register that counts energy and wraps around."""

    read: Callable[[], int]
    unit_j: float
    range: int = 0
    """Largest value before it starts again at 0; 0 = it never does."""

    def joules(self, before: int, after: int) -> float:
        """Energy between two readings; one wrap-around is seen, a second can't be."""
        steps = after - before
        if steps < 0 and self.range:
            steps += self.range
        return steps * self.unit_j


class Meter:
    """Counters by kind: `package`, `dram`, `gpu`; a kind is a sum of counters, or absent."""

    def __init__(self, counters: dict[str, list[Counter] | Absent]) -> None:
        self._counters = counters
        self._before: dict[str, list[int] | Absent] = {}

    def start(self) -> None:
        """Read every counter."""
        self._before = {kind: _readings(found) for kind, found in self._counters.items()}

    def stop(self) -> dict[str, float | Absent]:
        """Kind -> joules since `start`, or why nobody knows."""
        return {kind: self._spent(kind, found) for kind, found in self._counters.items()}

    def _spent(self, kind: str, counters: list[Counter] | Absent) -> float | Absent:
        before = self._before.get(kind, Absent(reason="the meter was never started"))
        after = _readings(counters)
        if isinstance(counters, Absent):
            return counters
        if isinstance(before, Absent):
            return before
        if isinstance(after, Absent):
            return after
        pairs = zip(counters, before, after, strict=True)
        return math.fsum(counter.joules(b, a) for counter, b, a in pairs)


def meter(device: str, root: Path = RAPL) -> Meter:
    """Meter of the processor, and of the GPU where the device is `cuda`."""
    return Meter({
        "package": _rapl(root, "package"),
        "dram": _rapl(root, "dram"),
        "gpu": _nvml() if device == "cuda" else Absent(reason="the target runs on the processor"),
    })


def _rapl(root: Path, kind: str) -> list[Counter] | Absent:
    """Counters of all packages, or of the memory beside each."""
    found = []
    # Linux lists a package as intel-rapl:0 and its parts, such as the memory, as intel-rapl:0:1.
    for zone in sorted(root.glob("intel-rapl:*")):
        try:
            if (zone / "name").read_text().strip().startswith(kind):
                top = _number(zone / "max_energy_range_uj")
                counter = Counter(partial(_number, zone / "energy_uj"), MICRO, top)
                counter.read()
                found.append(counter)
        except PermissionError:
            return Absent(reason=f"only root may read {zone / 'energy_uj'} ({READABLE})")
        except (OSError, ValueError) as e:
            return Absent(reason=f"{zone} can't be read: {e}")
    return found or Absent(reason=NO_RAPL.format(root=root, zone=kind))


def _number(path: Path) -> int:
    return int(path.read_text())


def _nvml() -> list[Counter] | Absent:
    """Counter of the first GPU that this process may use, millijoules since the driver began."""
    try:
        import pynvml
    except ImportError:
        return Absent(reason="nvidia-ml-py isn't installed (python -m pip install nvidia-ml-py)")
    try:
        pynvml.nvmlInit()
        handle = _first_gpu(pynvml)
        counter = Counter(lambda: int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)), MILLI)
        counter.read()
    except pynvml.NVMLError as e:
        return Absent(reason=f"NVML tells no energy: {e}")
    return [counter]


def _first_gpu(nvml: Any) -> Any:
    """Handle of the GPU that CUDA calls 0."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return nvml.nvmlDeviceGetHandleByUUID(first)
    return nvml.nvmlDeviceGetHandleByIndex(int(first) if first.isdecimal() else 0)


def _readings(counters: list[Counter] | Absent) -> list[int] | Absent:
    if isinstance(counters, Absent):
        return counters
    try:
        return [counter.read() for counter in counters]
    except Exception as e:  # noqa: BLE001 - NVML has a tree of exceptions of its own
        return Absent(reason=f"the counter stopped answering: {e}")
