"""Resident sets of this process, from the kernel's own books."""

from __future__ import annotations

import contextlib
from pathlib import Path


def resident() -> int:
    """Resident set now, bytes (VmRSS)."""
    return _status("VmRSS")


def reset_peak() -> bool:
    """Whether the kernel let us reset the high-water mark (writing 5 to clear_refs)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak() -> int:
    """High-water mark of the resident set, bytes (VmHWM), children that live now included."""
    import psutil

    total = _status("VmHWM")
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(OSError, ValueError):
            total += _status("VmHWM", str(child.pid))
    return total


def _status(field: str, pid: str = "self") -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(field)
