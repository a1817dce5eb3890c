"""One side of a live pair, as its launcher sees it: a worker process and its two pipes.

The launcher blocks in read() while a side works: a launcher that polls makes the model that it
measures two times slower on a machine of two cores.
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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from pydantic import ValidationError

from bench.errors import CaseFailed, SegbenchError, Unsupported
from bench.execute.process import WORKER
from bench.jobs.base import Report

if TYPE_CHECKING:
    from types import TracebackType

    from bench.jobs.base import Job


@dataclass(frozen=True)
class Start:
    """What a side's process is started with."""

    job: Job
    command: tuple[str, ...] = WORKER
    """Of another revision, its own Python and its own boot script."""
    cwd: Path | None = None
    """Folder that it works in, where a model of Python code is looked for; None = the launcher's."""


class Side:
    """A worker that waits for bursts."""

    def __init__(self, start: Start, log: Path, name: str, timeout_s: float) -> None:
        self.name = name
        self._hung = False
        log = log.absolute()  # the worker may have another current folder
        log.parent.mkdir(parents=True, exist_ok=True)
        out = log.with_suffix(".json")
        out.unlink(missing_ok=True)
        job = start.job.model_copy(
            update={"out": str(out), "parent": os.getpid(), "spawned_ns": time.monotonic_ns()}
        )
        self._log, self._out = log, out
        environment = {**os.environ, "OMP_NUM_THREADS": str(job.threads)}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as stderr:
            self._worker = subprocess.Popen(
                start.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                env=environment, cwd=start.cwd, start_new_session=True, text=True,
            )  # fmt: skip
        self._clock = threading.Timer(timeout_s, self._time_out)
        self._limit = timeout_s
        self._clock.daemon = True
        self._clock.start()
        # What a revision's own job says and no more: it refuses fields that it doesn't know.
        self._tell(job.model_dump_json(exclude_unset=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave nothing behind, however the pair ended."""
        self._clock.cancel()
        if self._worker.poll() is None:
            self._kill()
        self._worker.wait()
        for end in (self._worker.stdin, self._worker.stdout):
            if end is not None:
                with contextlib.suppress(BrokenPipeError):
                    end.close()
        self._out.unlink(missing_ok=True)

    def ready(self) -> None:
        """Return when the session is loaded and warm."""
        self._await("ready")

    def burst(self, iterations: int, core: int | None = None) -> None:
        """Return when the burst is done."""
        self._tell(f"burst {iterations}" + ("" if core is None else f" {core}"))
        self._await("burst")

    def end(self) -> tuple[tuple[int, ...], ...]:
        """Nanoseconds of every burst's iterations, out of the worker's report."""
        self._tell("end")
        self._worker.wait()
        report = self._report()
        if report is None or not report.ok:
            raise self._broken()
        return tuple(tuple(int(ns) for ns in burst) for burst in report.payload["bursts_ns"])

    def cpu_s(self) -> float:
        """Processor time of the worker so far, seconds."""
        if sys.platform == "linux":
            # The clock of another process, as clock_getcpuclockid(3) makes it; /proc counts in 10 ms.
            with contextlib.suppress(OSError):
                return time.clock_gettime(~self._worker.pid << 3 | 2)
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self._worker.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0  # it ended, and the next read says how

    def _tell(self, line: str) -> None:
        if self._worker.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # the next read says why
                self._worker.stdin.write(line + "\n")
                self._worker.stdin.flush()

    def _await(self, word: str) -> None:
        """Block until the worker says the word; other progress is passed over."""
        for line in self._worker.stdout or ():
            with contextlib.suppress(ValueError, TypeError, IndexError):
                if json.loads(line)[0] == word:
                    return
        self._worker.wait()
        raise self._broken()

    def _report(self) -> Report | None:
        try:
            return Report.model_validate(json.loads(self._out.read_bytes()))
        except (OSError, ValueError, ValidationError):
            return None

    def _broken(self) -> SegbenchError:
        """Why the worker is gone, in one sentence."""
        report, whose = self._report(), f"The {self.name}'s process of a live pair"
        if self._hung:
            return CaseFailed(f"{whose} ran past its limit of {self._limit:g} s.")
        if report is not None and not report.ok:
            kind = Unsupported if report.skipped else CaseFailed
            return kind(f"{whose} failed: {report.message}", f"Its log: {self._log}")
        last = next((x for x in reversed(_lines(self._log)) if x.strip()), "it said nothing")
        code = self._worker.returncode
        how = f"status {code}" if code >= 0 else signal.Signals(-code).name
        return CaseFailed(f"{whose} ended ({how}): {last.strip()[:300]}", f"Its log: {self._log}")

    def _time_out(self) -> None:
        self._hung = True
        self._kill()

    def _kill(self) -> None:
        """Kill the worker and everything that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._worker.pid, signal.SIGKILL)


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").splitlines()
    except OSError:
        return []
