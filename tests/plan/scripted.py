"""Workers that are played: some steps answer from a script, all others really run."""

from __future__ import annotations

from bench.jobs.base import Report
from bench.plan import prepare
from bench.record.result import Failure


class Script:
    """Stands for `bench.execute.process.start`; remembers the jobs of the steps that it plays."""

    def __init__(self, monkeypatch, **answers):
        self.answers = answers
        self.jobs = []
        self._real = prepare.start
        monkeypatch.setattr(prepare, "start", self)

    def __call__(self, job, log, timeout_s, progress):
        answer = self.answers.get(job.step)
        if answer is None:
            return self._real(job, log, timeout_s, progress)
        self.jobs.append(job)
        found = answer(job) if callable(answer) else answer
        if isinstance(found, Failure):
            return None, found
        if isinstance(found, Report):
            return found, None
        return Report(ok=True, payload=found), None

    def ran(self, step):
        """Jobs of a step, in order."""
        return [j for j in self.jobs if j.step == step]


def launch(*ns):
    """Payload of a later launch."""
    return {"launch": {"end_to_end_ns": ns or (1_000_000, 2_000_000, 3_000_000)}, "effective": {}}
