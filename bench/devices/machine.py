"""The machine in front of us, and whether it is the one that a target describes."""

from __future__ import annotations

import contextlib
import os
import platform
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench import registry
from bench.record.environment import Machine

if TYPE_CHECKING:
    from bench.suite.target import Target

GIB = 2**30
CGROUPS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
"""Limit and use of our control group, versions 2 and 1."""


@cache
def describe() -> Machine:
    """Stable identity of this machine; imports no torch."""
    import psutil

    devices = (registry.load("device", name)() for name in registry.entries("device"))
    return Machine(
        processor=processor_name(),
        architecture=platform.machine(),
        cores=cores(),
        physical_cores=psutil.cpu_count(logical=False),
        memory_bytes=memory_bytes(),
        gpus=tuple(gpu for device in devices for gpu in device.gpus()),
        system=f"{platform.system()} {platform.release()}",
    )


def cores() -> int:
    """Logical processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_bytes(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Main memory, or the control group's limit where that is smaller."""
    import psutil

    least = int(psutil.virtual_memory().total)
    for limit, _ in CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            least = min(least, int((root / limit).read_text()))
    return least


def available(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that this process may still take: the machine's, or its control group's if less."""
    import psutil

    least = int(psutil.virtual_memory().available)
    for limit, used in CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            left = int((root / limit).read_text()) - int((root / used).read_text())
            # Cached files count as used, and go when memory is needed.
            stat = (root / limit).with_name("memory.stat").read_text().split()
            cached = int(stat[stat.index("inactive_file") + 1])
            least = min(least, max(0, left) + cached)
    return least


def processor_name() -> str:
    """Name of the processor as the kernel tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    # x86 says `model name`; boards say `Model` (a Raspberry Pi) or `Hardware`.
    for key in ("model name", "hardware", "model"):
        for line in lines:
            name, _, value = line.partition(":")
            found = value.strip()
            # On x86 `model` is a number.
            if name.strip().lower() == key and found and not found.isdecimal():
                return found
    return platform.processor() or platform.machine()


def mismatch(target: Target, machine: Machine) -> str:
    """Empty, or the part of the target's description that this machine fails."""
    device = registry.load("device", target.device)()
    reason = device.available()
    if reason:
        return f"target {target.name!r} needs {target.device}: {reason}"
    asks = target.requires
    names = [g.name for g in device.gpus()]
    checks = (
        (asks.processor, machine.processor, "processor"),
        (asks.gpu, names[0] if names else "none", "gpu"),
    )
    for pattern, found, what in checks:
        if pattern and not re.search(pattern, found, re.IGNORECASE):
            return (
                f"target {target.name!r} requires {what} = {pattern!r}; this machine's is {found!r}"
            )
    if asks.architecture and asks.architecture != machine.architecture:
        return (
            f"target {target.name!r} requires architecture = {asks.architecture!r}; "
            f"this machine's is {machine.architecture!r}"
        )
    # A machine sold with 16 GB shows the system somewhat less.
    sizes = (
        (asks.memory_gb, machine.memory_bytes, "memory_gb"),
        (asks.gpu_memory_gb, next((g.memory_bytes for g in device.gpus()), 0), "gpu_memory_gb"),
    )  # fmt: skip
    for least, found_bytes, what in sizes:
        if least and found_bytes < 0.93 * least * GIB:
            return (
                f"target {target.name!r} requires {what} = {least:g}; "
                f"this machine has {found_bytes / GIB:.1f}"
            )
    wanted = max(asks.cores or 1, target.threads or 1)
    if machine.cores < wanted:
        return (
            f"target {target.name!r} requires {wanted} cores; this process may use {machine.cores}"
        )
    return ""
