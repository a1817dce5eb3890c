"""The kernel's own counters of the whole machine, nanoseconds, on files that stay open."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.record.base import Absent

Read = Callable[[], float]

SEEN = 0.9
"""Least share of the machine's busy time that a control group must have seen to be the whole."""
GROUPS = ("cpuacct/cpuacct.usage", "cpu,cpuacct/cpuacct.usage", "cpu.stat")
"""Under sys/fs/cgroup: version 1, nanoseconds; version 2, microseconds after a word."""
BUSY = (1, 2, 3, 6, 7)
"""Columns of /proc/stat: user (guests included), nice, system, irq, softirq; proc(5)."""
STEAL = 8


def foreign(root: Path) -> Read | Absent:
    """Counter of the processor time that all but this process used, those that it started included.

    /proc/schedstat isn't asked: it counts a task only when that leaves its processor.
    """
    stat = _stat(root, BUSY)
    if isinstance(stat, Absent):
        return stat
    total = next((g for name in GROUPS if (g := _group(root, name, stat())) is not None), stat)

    def read() -> float:
        # Own time first: asking for it makes the kernel charge the running thread's last
        # milliseconds to its process and its group alike. The other way round they'd be missing.
        own = time.process_time_ns()
        return total() - own

    return read


def steal(root: Path) -> Read | Absent:
    """Counter of the time that the hypervisor gave this machine's processors to others."""
    return _stat(root, (STEAL,))


def pressure(root: Path) -> Read | Absent:
    """Counter of the time in which some task waited for a processor (PSI)."""

    def total(text: bytes) -> float:
        return int(text.partition(b"\n")[0].rpartition(b"total=")[2]) * 1e3

    # A kernel that has PSI switched off refuses the read.
    return _read(root / "proc/pressure/cpu", 256, total) or Absent(
        reason="the kernel keeps no pressure figures here (/proc/pressure/cpu)"
    )


def clock_mhz(root: Path) -> Read | Absent:
    """Gauge of the fastest core's clock, MHz, of the cores that this process may use."""
    folder, cores = root / "sys/devices/system/cpu", sorted(os.sched_getaffinity(0))
    clocks = [_read(folder / f"cpu{n}/cpufreq/scaling_cur_freq", 32, int) for n in cores]
    there = [clock for clock in clocks if clock]
    return (lambda: max(f() for f in there) / 1e3) if there == clocks else _cpuinfo(root)


def _cpuinfo(root: Path) -> Read | Absent:
    """The same from /proc/cpuinfo, where the kernel can measure it."""
    try:
        file = _open(root / "proc/cpuinfo")
        text = _whole(file)
    except OSError:
        return Absent(
            reason="the kernel tells no clock: neither cpufreq nor /proc/cpuinfo is there"
        )
    if b"cpu MHz" not in text or b"aperfmperf" not in text:
        # Without these registers Linux prints the clock that it was told at its start.
        return Absent(
            reason="the kernel can't see the processor's clock (no cpufreq, no APERF and MPERF "
            "registers: most virtual machines)"
        )

    mine = os.sched_getaffinity(0)

    def read() -> float:
        clocks: dict[int, float] = {}
        core = -1
        for line in _whole(file).splitlines():
            name, _, value = line.partition(b":")
            if name.startswith(b"processor"):
                core = int(value)
            elif name.startswith(b"cpu MHz"):
                clocks[core] = max(clocks.get(core, 0.0), float(value))
        # A container may number its processors anew, so that none is ours by name.
        return max(clocks[c] for c in mine & clocks.keys() or clocks)

    return read


def _whole(file: int) -> bytes:
    """All of a file that the kernel gives a page at a time."""
    parts: list[bytes] = []
    while more := os.pread(file, 1 << 20, sum(map(len, parts))):
        parts.append(more)
    return b"".join(parts)


def _stat(root: Path, columns: tuple[int, ...]) -> Read | Absent:
    """Sum of columns of /proc/stat's first line."""
    tick_ns = 1e9 / os.sysconf("SC_CLK_TCK")

    def total(text: bytes) -> float:
        words = text.partition(b"\n")[0].split()
        return sum(int(words[c]) for c in columns) * tick_ns

    return _read(root / "proc/stat", 512, total) or Absent(
        reason="the kernel doesn't tell its processor times here (/proc/stat)"
    )


def _group(root: Path, name: str, busy_ns: float) -> Read | None:
    """Root control group's processor time, finer than ticks; None where it counts a container alone."""

    def total(text: bytes) -> float:
        words = text.split()
        return int(words[1]) * 1e3 if words[0] == b"usage_usec" else int(words[0])

    read = _read(root / "sys/fs/cgroup" / name, 64, total)
    return read if read and read() >= SEEN * busy_ns else None


def _read(path: Path, size: int, parse: Callable[[bytes], float]) -> Read | None:
    """Function that reads a file's first bytes anew; None where there is none, or it says nothing."""

    def read() -> float:
        return parse(os.pread(file, size, 0))

    try:
        file = _open(path)
        read()
    except (OSError, ValueError, IndexError):
        return None
    return read


def _open(path: Path) -> int:
    """Descriptor, open until the process ends: a worker measures one case and goes."""
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
