"""The machine in front of us, and whether it is the one that a target describes."""

import contextlib
import operator
import os
import platform
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bench import registry
from bench.record.environment import Machine
from bench.suite.target import Target

GB = 10**9
CGROUPS = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
"""Limit and use of our control group, versions 2 and 1."""

FLAGS = (
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16",
    "avx512_fp16", "amx_bf16", "amx_int8", "amx_fp16", "asimd", "asimddp", "asimdhp", "i8mm", "bf16",
    "sve",
)  # fmt: skip


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
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    told = [
        (name.strip().lower(), value.strip())
        for name, _, value in (line.partition(":") for line in lines)
    ]
    # x86 says `model name`, and a number as `model`; boards say `Model` (a Raspberry Pi) or `Hardware`.
    keys = ("model name", "hardware", "model")
    found = (v for key in keys for name, v in told if name == key and v and not v.isdecimal())
    return next(found, platform.processor() or platform.machine())


@cache
def flags() -> tuple[str, ...]:
    """Processor features that matter to inference, of those that the kernel lists."""
    have = next(iter(cpuinfo(("flags", "features"))), "").split()
    return tuple(f for f in FLAGS if f in have)


def cpuinfo(names: str | tuple[str, ...]) -> list[str]:
    """Values of the kernel's lines on the processor that begin with a name; empty where it hides them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []
    return [n.partition(":")[2] for n in lines if n.lower().startswith(names)]


def mismatches(target: Target, machine: Machine) -> Iterator[str]:
    """Parts of the target's description that this machine fails, if any."""
    device = registry.load("device", target.device)()
    reason = device.available()
    if reason:
        yield f"target {target.name!r} needs {target.device}: {reason}"
    asks = target.requires
    gpu = next(iter(device.gpus()), None)
    requires = f"target {target.name!r} requires"
    named = (
        ("processor", asks.processor, machine.processor, _found),
        ("gpu", asks.gpu, gpu.name if gpu else "none", _found),
        ("architecture", asks.architecture, machine.architecture, operator.eq),
    )
    for what, asked, found, fits in named:
        if asked and not fits(asked, found):
            yield f"{requires} {what} = {asked!r}; this machine's is {found!r}"
    sizes = (
        ("memory_gb", asks.memory_gb, machine.memory_bytes),
        ("gpu_memory_gb", asks.gpu_memory_gb, gpu.memory_bytes if gpu else 0),
    )
    for what, least, there in sizes:
        # A machine sold with 16 GB shows the system somewhat less.
        if least and there < 0.93 * least * GB:
            yield f"{requires} {what} = {least:g}; this machine has {there / GB:.1f}"
    wanted = max(asks.cores or 1, target.threads or 1)
    if machine.cores < wanted:
        yield f"{requires} {wanted} cores; this process may use {machine.cores}"


def _found(pattern: str, name: str) -> bool:
    return re.search(pattern, name, re.IGNORECASE) is not None


def lacks_compiler() -> str:
    """Empty, or that there is no C++ compiler where torch's inductor looks for one."""
    if any(map(shutil.which, filter(None, (os.environ.get("CXX"), "g++", "clang++")))):
        return ""
    return "no C++ compiler was found (CXX, g++, clang++): apt-get install g++"
