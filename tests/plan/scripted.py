"""Workers that are played: some steps answer from a script, all others really run."""

from __future__ import annotations

from bench.execute.base import Outcome
from bench.execute.local import LocalExecutor
from bench.record.result import Failure


class Script:
    """Stands for the local executor's processes; remembers the jobs of the steps that it plays."""

    def __init__(self, monkeypatch, **answers):
        self.answers = answers
        self.jobs = []
        real = LocalExecutor.work
        monkeypatch.setattr(
            LocalExecutor, "work", lambda executor, job, *rest: self.work(real, executor, job, rest)
        )

    def work(self, real, executor, job, rest):
        answer = self.answers.get(job.step)
        if answer is None:
            return real(executor, job, *rest)
        self.jobs.append(job)
        found = answer(job) if callable(answer) else answer
        if isinstance(found, Failure):
            return Outcome(failure=found)
        if isinstance(found, Outcome):
            return found
        return Outcome(report=job.report.model_validate(found))

    def ran(self, step):
        """Jobs of a step, in order."""
        return [j for j in self.jobs if j.step == step]


def launch(*ns):
    """Report of a later launch."""
    timed = {"end_to_end_ns": ns or (1_000_000, 2_000_000, 3_000_000)}
    return {"launch": timed, "effective": {}, "times": {}}
