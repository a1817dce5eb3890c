"""One side of a live pair, as its launcher sees it: a worker process and its two pipes.

The launcher blocks in read() while a side works: a launcher that polls makes the model that it
measures two times slower on a machine of two cores.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from bench.errors import CaseFailed, SegbenchError, Unsupported
from bench.execute.process import WORKER, Process, answer, started
from bench.jobs.base import Answer
from bench.jobs.measure import PairJob, PairReport


@dataclass(frozen=True)
class Start:
    """What a side's process is started with."""

    job: PairJob
    command: tuple[str, ...] = WORKER
    """Of another revision, its own Python and its own boot script."""
    cwd: Path | None = None
    """Folder that it works in, where a model of Python code is looked for; None = the launcher's."""
    words: Mapping[str, Any] | None = None
    """The job as another revision says it, which may know fewer fields, or others; None = as here."""


class Side:
    """A worker that waits for bursts."""

    def __init__(self, start: Start, log: Path, name: str, timeout_s: float) -> None:
        self.name = name
        log = log.absolute()  # the worker may have another current folder
        self._out = log.with_suffix(".json")
        self._out.unlink(missing_ok=True)
        words = start.words or start.job.model_dump(mode="json")
        self._worker = Process(
            start.command, threads=start.job.threads, log=log, limit_s=timeout_s, cwd=start.cwd
        )
        self._worker.tell(json.dumps({**words, **started(self._out)}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind, however the pair ended."""
        self._worker.close()
        self._out.unlink(missing_ok=True)

    def ready(self) -> None:
        """Return when the session is loaded and warm."""
        self._await("ready")

    def burst(self, iterations: int, core: int | None = None) -> None:
        """Return when the burst is done."""
        self._worker.tell(f"burst {iterations}" + ("" if core is None else f" {core}"))
        self._await("burst")

    def end(self) -> tuple[tuple[int, ...], ...]:
        """Nanoseconds of every burst's iterations, out of the worker's report."""
        self._worker.tell("end")
        self._worker.wait()
        found = answer(self._out)
        if found is None or not found.ok:
            raise self._broken(found)
        return PairReport.model_validate(found.payload).bursts_ns

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

    def _await(self, word: str) -> None:
        """Block until the worker says the word; other progress is passed over."""
        if not any(phase == word for phase, *_ in self._worker.said()):
            self._worker.wait()
            raise self._broken(answer(self._out))

    def _broken(self, found: Answer | None) -> SegbenchError:
        """Why the worker is gone, in one sentence."""
        whose, hint = f"The {self.name}'s process of a live pair", f"Its log: {self._worker.log}"
        if found is not None and not found.ok and not self._worker.timed_out:
            kind = Unsupported if found.skipped else CaseFailed
            return kind(f"{whose} failed: {found.message}", hint)
        return CaseFailed(f"{whose} failed: {self._worker.ending()[1]}", hint)
