"""One step in one process: a job on stdin, progress on stdout, the answer in a file."""

import contextlib
import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from bench.jobs.base import Say

_BORN_NS = time.monotonic_ns()
_PAUSE_S = 0.25
"""Least seconds between two lines of progress in one phase."""


def main() -> int:
    """Exit status: 0 when an answer was written, whatever it says."""
    _die_with_parent()
    from bench.jobs.base import UNWRITTEN
    from bench.record.store import write_atomic

    # One line, not all of it: a live pair's launcher goes on talking (steps/pair.py).
    said = json.loads(sys.stdin.readline())
    parent = said.get("parent")
    if parent and os.getppid() != parent:  # it died before we asked the kernel to tell us
        return 1
    try:
        write_atomic(Path(said["out"]), _work(said, pipe(_private_stdout())).encode())
    except OSError:
        _print_trace()
        return UNWRITTEN
    return 0


def _work(said: dict[str, Any], say: Say) -> str:
    from bench.errors import ExportFailed, SegbenchError, Unsupported
    from bench.jobs.base import Answer, OfCase
    from bench.jobs.steps import read

    try:
        job = read(said)
        if job.memory_limit_bytes is not None:
            _limit(job.memory_limit_bytes)
        if job.guarded:
            from bench.measure import memory

            memory.guard()
        step = importlib.import_module(f"bench.measure.steps.{job.step}")
        startup = (time.monotonic_ns() - (job.spawned_ns or _BORN_NS)) / 1e9
        report = step.run(job.located if isinstance(job, OfCase) else job, say)
        payload = report.model_dump(mode="json", by_alias=True)
        answer = Answer(ok=True, payload=payload, startup_s=startup)
    except Unsupported as e:
        answer = Answer(ok=False, skipped=True, error_type="Unsupported", message=str(e))
    except SegbenchError as e:
        kind = "out of memory" if _starved(e) else type(e).__name__
        rungs = e.rungs if isinstance(e, ExportFailed) else ()
        answer = Answer(ok=False, error_type=kind, message=str(e), rungs=rungs)
    except Exception as e:  # noqa: BLE001 - whatever it is, it becomes a row
        _print_trace()
        kind, message = _explain(e)
        answer = Answer(ok=False, error_type=kind, message=message)
    return answer.model_dump_json()


def _print_trace() -> None:
    """Print the present exception, where the disk isn't full."""
    with contextlib.suppress(OSError):
        traceback.print_exc()
        sys.stderr.flush()


def _die_with_parent() -> None:
    """Ask Linux to kill this process with its parent: an orphan would disturb the next measurements."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1  # <sys/prctl.h>
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _private_stdout() -> int:
    """Descriptor of the pipe to the parent; what libraries print goes to stderr from now on."""
    private = os.dup(1)
    os.dup2(2, 1)
    return private


def pipe(descriptor: int) -> Say:
    """Function that writes `[phase, done, total]` lines, at most four a second."""
    last = 0.0

    def say(phase: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done and done != total and now - last < _PAUSE_S:
            return
        last = now
        try:
            os.write(descriptor, (json.dumps([phase, done, total]) + "\n").encode())
        except OSError:  # the parent is gone; the step's files matter, not its progress
            return

    return say


def _limit(more: int) -> None:
    """Cap the address space at what is held now plus `more` bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    cap = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (cap, cap))


def _explain(e: Exception) -> tuple[str, str]:
    text = (str(e).strip().splitlines() or [""])[0][:400]
    if _starved(e):
        return "out of memory", f"It ran out of memory: {text or type(e).__name__}."
    if isinstance(e, OSError) and e.strerror:
        name = f" ({e.filename})" if e.filename else ""
        return type(e).__name__, f"{e.strerror}{name}."
    return type(e).__name__, text or type(e).__name__


def _starved(e: Exception) -> bool:
    """Whether an exception says in any runtime's words that memory ran out."""
    signs = ("can't allocate memory", "cannot allocate memory", "bad_alloc", "out of memory",
             "bad allocation", "failed to allocate", "failed to map segment")  # fmt: skip
    return isinstance(e, MemoryError) or any(s in str(e).lower() for s in signs)


def end() -> None:
    """Do the step and leave at once, with main's exit status."""
    status = main()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # The answer is on disk. Taking a runtime down in good order costs a second and can crash;
    # nothing that it would still do matters.
    os._exit(status)
