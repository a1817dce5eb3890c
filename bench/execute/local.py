"""Jobs in processes of this machine, strictly one after the other."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bench.execute.base import Capabilities, Outcome, Progress
from bench.execute.process import WORKER, Process, answer
from bench.jobs.base import Job, Report
from bench.record.result import Failure


@dataclass(frozen=True)
class LocalExecutor:
    """One place, `here`; `submit` returns when the job is done."""

    cache: Path

    def capabilities(self) -> Capabilities:
        """One place, one job at a time."""
        return Capabilities()

    def submit(
        self, job: Job, *, place: str, timeout_s: float, log: Path, progress: Progress
    ) -> Future[Outcome]:
        """Outcome, which is there when this returns."""
        del place
        done: Future[Outcome] = Future()
        done.set_result(self.work(job, timeout_s, log, progress))
        return done

    def work(self, job: Job, timeout_s: float, log: Path, progress: Progress) -> Outcome:
        """How a process that does the job ended."""
        began, out = time.monotonic(), log.with_suffix(".json")
        out.unlink(missing_ok=True)
        started = {
            "out": str(out),
            "cache": str(self.cache),
            "parent": os.getpid(),
            "spawned_ns": time.monotonic_ns(),
        }
        with Process(WORKER, threads=job.threads, log=log, limit_s=timeout_s) as worker:
            worker.tell(job.model_copy(update=started).model_dump_json())
            for words in worker.said():
                progress(*words)
            worker.wait()
            ended = None if worker.timed_out else answer(out)
            try:
                report = Report.model_validate(ended)
            except ValidationError:
                return _failed(job, worker, *worker.ending())
            if not report.ok:
                return _failed(job, worker, report.error_type, report.message, report.skipped)
            return Outcome(
                report=report,
                startup_s=report.startup_s,
                wall_s=time.monotonic() - began,
            )

    def stands(self, job: Job, place: str) -> Report | None:
        """None: a plan looks into this machine's cache itself."""
        del job, place
        return None

    def drop(self, names: Sequence[str], place: str) -> None:
        """Remove folders from the cache."""
        del place
        for name in names:
            shutil.rmtree(self.cache / name, ignore_errors=True)

    def close(self) -> None:
        """Nothing runs any more."""


def _failed(job: Job, worker: Process, kind: str, message: str, skipped: bool = False) -> Outcome:
    why = Failure(step=job.step, type=kind, message=message, stderr_tail=worker.tail())
    return Outcome(failure=why, skipped=skipped)
