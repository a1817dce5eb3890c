"""Start a worker, wait for it without spinning, and say how it ended.

The parent blocks in read() and wait(): on a machine of two cores a parent that polls makes the
model that it measures two times slower.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bench.execute import boot
from bench.jobs.base import UNWRITTEN, Job, Report
from bench.record.result import Failure

TAIL_LINES = 20
WORKER = (sys.executable, "-P", str(Path(boot.__file__).resolve()))
"""Command of a worker; -P keeps the current folder, and a `bench` in it, off its path."""
Progress = Callable[[str, int, int], None]
"""Phase, done, total."""


def start(job: Job, log: Path, timeout_s: float, progress: Progress) -> tuple[Report | None, Any]:
    """Report and None, or None and the Failure of a worker that died, hung or said nothing."""
    out = Path(job.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": str(job.threads)}
    # numpy's own threads would fight the runtime's; our post-processing is written for one.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    job = job.model_copy(update={"parent": os.getpid(), "spawned_ns": time.monotonic_ns()})
    with log.open("wb") as stderr:
        worker = subprocess.Popen(
            WORKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            start_new_session=True,
        )
        hung = threading.Event()
        clock = threading.Timer(timeout_s, _kill, (worker, hung))
        clock.start()
        try:
            _talk(worker, job, progress)
            code = worker.wait()
        except BaseException:
            _kill(worker, threading.Event())
            worker.wait()
            raise
        finally:
            clock.cancel()
            _close(worker)
    if hung.is_set():
        return None, _failure(job, log, "timeout", f"It ran past its limit of {timeout_s:g} s.")
    try:
        report = Report.model_validate(json.loads(out.read_bytes()))
    except (OSError, ValueError, ValidationError):
        return None, _failure(job, log, *_ending(code))
    finally:
        with contextlib.suppress(OSError):
            out.unlink(missing_ok=True)
    if not report.ok and not report.skipped:
        return report, _failure(job, log, report.error_type, report.message)
    return report, None


def _talk(worker: subprocess.Popen[bytes], job: Job, progress: Progress) -> None:
    """Hand over the job, then read progress lines until the worker closes its end."""
    if worker.stdin is None or worker.stdout is None:  # pragma: no cover - both are pipes
        return
    with contextlib.suppress(BrokenPipeError):
        worker.stdin.write(job.model_dump_json().encode())
        worker.stdin.close()
    for line in worker.stdout:
        with contextlib.suppress(ValueError, TypeError):
            phase, done, total = json.loads(line)
            progress(str(phase), int(done), int(total))


def _close(worker: subprocess.Popen[bytes]) -> None:
    """Close our ends of the pipes now: a run starts hundreds of workers."""
    for end in (worker.stdin, worker.stdout):
        if end is not None:
            # Closing flushes what a dead worker never took.
            with contextlib.suppress(BrokenPipeError):
                end.close()


def _kill(worker: subprocess.Popen[bytes], hung: threading.Event) -> None:
    """Kill the worker and everything that it started."""
    hung.set()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(worker.pid, signal.SIGKILL)


def _ending(code: int) -> tuple[str, str]:
    """Type and sentence for a worker that left no report."""
    if code == UNWRITTEN:
        return "OSError", "Its report can't be written; the disk may be full."
    if code >= 0:
        return "exit", f"The process ended with status {code} and left no report."
    name = signal.Signals(-code).name
    why = {
        "SIGKILL": "Something killed it; the kernel does that when memory runs out (see dmesg).",
        "SIGSEGV": "It crashed (segmentation fault).",
        "SIGABRT": "It aborted.",
    }
    return name, why.get(name, f"It was ended by {name}.")


def _failure(job: Job, log: Path, kind: str, message: str) -> Failure:
    try:
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        lines = []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if kind == "exit" and last:  # nobody caught it, so its last words are all there is
        message = f"{message[:-1]}: {last[:300]}"
    return Failure(
        step=job.step, type=kind, message=message, stderr_tail=tuple(line[:500] for line in lines)
    )
