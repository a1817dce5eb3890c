"""A job done on this machine, whoever asked for it: in a process of its own, with a cache."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from bench.execute.base import Outcome, Progress
from bench.execute.process import WORKER, Process, answer
from bench.jobs.base import Answer, Job
from bench.record.result import Failure


def outcome(job: Job, cache: Path, timeout_s: float, log: Path, progress: Progress) -> Outcome:
    """How a process that does the job ended."""
    began, out = time.monotonic(), log.with_suffix(".json")
    started = {
        "out": str(out),
        "cache": str(cache),
        "parent": os.getpid(),
        "spawned_ns": time.monotonic_ns(),
    }
    job = job.model_copy(update=started)
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
    try:
        found = Answer.model_validate(answer(Path(job.out)))
        report = job.report.model_validate(found.payload) if found.ok else None
    except ValidationError:
        return _failed(job, worker, *worker.ending())
    if worker.timed_out:
        return _failed(job, worker, *worker.ending())
    if report is None:
        return _failed(job, worker, found.error_type, found.message, skipped=found.skipped)
    there = sorted(p for p in job.beside.rglob("*") if p.is_file())
    return Outcome(
        report=report,
        files={p.relative_to(job.beside).as_posix(): p.read_bytes() for p in there},
        startup_s=found.startup_s,
        wall_s=time.monotonic() - began,
    )


def _failed(
    job: Job, worker: Process, kind: str, message: str, *, skipped: bool = False
) -> Outcome:
    tail = worker.tail()
    why = Failure(step=job.step, type=kind, message=message, stderr_tail=tail)
    return Outcome(failure=why, skipped=skipped)


def _remove(out: Path, beside: Path) -> None:
    out.unlink(missing_ok=True)
    shutil.rmtree(beside, ignore_errors=True)
