"""Memory of this process and of those that it started, from the kernel's own books."""

import contextlib
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path

from bench.devices import machine
from bench.jobs.base import GUARD
from bench.record.base import Absent

GUARD_SHARE = 0.9
"""Share of the memory that was free at the start which a guarded process may take."""
GUARD_EVERY_S = 0.01
STATUS, ROLLUP = Path("/proc/self/status"), Path("/proc/self/smaps_rollup")

_dead_before = 0
"""Largest mark of a child that had died before the measured region, bytes."""


def resident() -> int:
    """Resident set now, bytes (VmRSS)."""
    return _field(STATUS, "VmRSS")


def reset_peak() -> bool:
    """Whether the kernel let us reset the high-water mark (writing 5 to clear_refs)."""
    global _dead_before  # noqa: PLW0603 - the kernel's mark of dead children can't be reset
    _dead_before = _dead()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak() -> int:
    """High-water mark of the resident set, bytes (VmHWM), children included.

    The sum of the marks of this process, of each child that lives, and of the largest child that
    died since the reset. Marks are reached at different moments and share pages, so the sum is an
    upper bound of what the tree held at once. The kernel keeps one mark for all dead children
    (ru_maxrss), and hands a parent's mark down to its child through exec: so a dead child counts
    only where that mark rose since the reset and lies above this process's own.
    """
    own = _field(STATUS, "VmHWM")
    total = own + _of_children("status", "VmHWM")
    dead = _dead()
    return total + dead if dead > max(_dead_before, own) else total


def pss() -> int | Absent:
    """Proportional set size now, bytes, children included: a page that n share counts as 1/n."""
    try:
        return _field(ROLLUP, "Pss") + _of_children("smaps_rollup", "Pss")
    except (OSError, ValueError) as e:
        return Absent(reason=f"the kernel doesn't tell shared pages here ({ROLLUP}: {e})")


def guard() -> None:
    """End this process before the machine runs out of memory.

    A limit on the address space (RLIMIT_AS) would count what is reserved and never used. Instead a thread
    reads the resident set, and the kernel is asked to choose this process first.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    more = int(GUARD_SHARE * machine.available())
    most = resident() + more
    threading.Thread(target=_watch, args=(most, more), daemon=True).start()


def _watch(most: int, more: int) -> None:
    page = resource.getpagesize()
    statm = Path("/proc/self/statm")
    while True:
        if int(statm.read_text().split()[1]) * page > most:
            said = f"{GUARD} it wanted more than {more / 1e9:.2f} GB, nearly all that was free"
            print(said, file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(GUARD_EVERY_S)


def _dead() -> int:
    """Largest mark of any child that died and was waited for, bytes, since this process began."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def _of_children(file: str, field: str) -> int:
    """Sum over all descendants that live, bytes."""
    import psutil

    total = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError, ValueError):
            total += _field(Path(f"/proc/{child.pid}/{file}"), field)
    return total


def _field(path: Path, field: str) -> int:
    """Bytes of a line `Field:  123 kB`."""
    for line in path.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"it has no {field}")
