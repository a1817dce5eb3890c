"""The process of a worker: started, talked to, ended, and described, here and nowhere else.

`outcome` does a whole job in one, with a cache, whoever asked for it.

The parent blocks in read() and wait(): on a machine of two cores a parent that polls makes the
model that it measures two times slower.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from bench.execute import boot
from bench.execute.base import Outcome
from bench.jobs.base import UNWRITTEN, Answer, Job, Say
from bench.record.result import Failure

TAIL_LINES = 20
BOOT = Path(boot.__file__).resolve()
WORKER = (sys.executable, "-P", str(BOOT))
"""Command of a worker; -P keeps the current folder, and a `bench` in it, off its path."""
_CRASHES = {
    "SIGKILL": "Something killed it; the kernel does that when memory runs out (see dmesg).",
    "SIGSEGV": "It crashed (segmentation fault).",
    "SIGABRT": "It aborted.",
}


class Process:
    """A process that is not left behind: a context that kills it at the end if it still runs."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        threads: int,
        log: Path | None = None,
        limit_s: float | None = None,
        cwd: Path | None = None,
        descriptors: Sequence[int] = (),
    ) -> None:
        """Start a process, which is killed after `limit_s` and inherits the open `descriptors`.

        The threads of its runtime are set here, because a launcher may have its own number (Ray sets
        OMP_NUM_THREADS=1). With a log for its standard error it gets pipes and a process group of its
        own; else it has the parent's standard error and group, and no pipes.
        """
        self.log, self.limit_s, self.timed_out = log, limit_s, False
        # numpy's own threads would compete with the runtime's; our post-processing uses one.
        one = {"OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        end = subprocess.DEVNULL if log is None else subprocess.PIPE
        with contextlib.ExitStack() as stack:
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                command,
                stdin=end,
                stdout=end,
                stderr=None if log is None else stack.enter_context(log.open("wb")),
                env={**os.environ, **one, "OMP_NUM_THREADS": str(threads)},
                cwd=cwd,
                pass_fds=tuple(descriptors),
                start_new_session=log is not None,
            )
        self._clock = threading.Timer(limit_s or 0.0, self._time_out)
        self._clock.daemon = True
        if limit_s is not None:
            self._clock.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Write a line to its standard input; one that is dead is noticed by the next read."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode() + b"\n")
                self._process.stdin.flush()

    def said(self) -> Iterator[tuple[str, int, int]]:
        """Progress (phase, done, total) until it closes its standard output; blocks for each line."""
        for line in self._process.stdout or ():
            with contextlib.suppress(ValueError, TypeError):
                phase, done, total = json.loads(line)
                yield str(phase), int(done), int(total)

    def wait(self) -> int:
        """Exit status; negative = the signal that ended it."""
        return self._process.wait()

    def kill(self) -> None:
        """Kill it, and where it has a group of its own all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.log is None:
                self._process.kill()
            else:
                os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill it unless it has ended, and close the pipes: a run starts hundreds of workers."""
        self._clock.cancel()
        if self._process.poll() is None:
            self.kill()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                # Closing flushes what a dead worker never took.
                with contextlib.suppress(BrokenPipeError):
                    end.close()

    def tail(self) -> tuple[str, ...]:
        """Last lines of its standard error."""
        try:
            text = "" if self.log is None else self.log.read_text(errors="replace")
        except OSError:
            text = ""
        return tuple(line[:500] for line in text.splitlines()[-TAIL_LINES:])

    def ending(self) -> tuple[str, str]:
        """Type and sentence for a process that ended without a report."""
        if self.timed_out:
            return "timeout", f"It ran past its limit of {self.limit_s:g} s."
        code = self.wait()
        if code == UNWRITTEN:
            return "OSError", "Its report can't be written; the disk may be full."
        if code < 0:
            name = signal.Signals(-code).name
            return name, _CRASHES.get(name, f"It was ended by {name}.")
        said = f"The process ended with status {code} and left no report"
        last = next((line.strip() for line in reversed(self.tail()) if line.strip()), "")
        return "exit", f"{said}: {last[:300]}" if last else f"{said}."

    def _time_out(self) -> None:
        self.timed_out = True
        self.kill()


def started(out: Path) -> dict[str, Any]:
    """Fields of a job that are set when its worker is started; `out` is for the answer."""
    return {"out": str(out), "parent": os.getpid(), "spawned_ns": time.monotonic_ns()}


def answer(out: Path) -> Answer | None:
    """What a worker wrote to its answer's file, None where it wrote none; the file goes."""
    try:
        return Answer.model_validate_json(out.read_bytes())
    except (OSError, ValueError):
        return None
    finally:
        with contextlib.suppress(OSError):
            out.unlink(missing_ok=True)


def outcome(job: Job, cache: Path, timeout_s: float, log: Path, progress: Say) -> Outcome:
    """How a process that does the job ended."""
    began, out = time.monotonic(), log.with_suffix(".json")
    job = job.model_copy(update={"cache": str(cache), **started(out)})
    _remove(out, job.beside)  # what a parent left that was killed
    try:
        with Process(WORKER, threads=job.threads, log=log, limit_s=timeout_s) as worker:
            worker.tell(job.model_dump_json())
            for words in worker.said():
                progress(*words)
            worker.wait()
            return _outcome(job, worker, began)
    finally:
        _remove(out, job.beside)


def drop(cache: Path, names: Iterable[str]) -> None:
    """Remove folders from a cache."""
    for name in names:
        shutil.rmtree(cache / name, ignore_errors=True)


def _outcome(job: Job, worker: Process, began: float) -> Outcome:
    found = None if worker.timed_out else answer(Path(job.out))
    if found is not None and found.ok:
        with contextlib.suppress(ValidationError):
            there = sorted(p for p in job.beside.rglob("*") if p.is_file())
            return Outcome(
                report=job.report.model_validate(found.payload),
                files={p.relative_to(job.beside).as_posix(): p.read_bytes() for p in there},
                startup_s=found.startup_s,
                wall_s=time.monotonic() - began,
            )
    if found is None or found.ok:
        (kind, message), skipped = worker.ending(), False
    else:
        kind, message, skipped = found.error_type, found.message, found.skipped
    why = Failure(
        step=job.step,
        type=kind,
        message=message,
        stderr_tail=worker.tail(),
        rungs=found.rungs if found else (),
    )
    return Outcome(failure=why, skipped=skipped)


def _remove(out: Path, beside: Path) -> None:
    out.unlink(missing_ok=True)
    shutil.rmtree(beside, ignore_errors=True)
