"""Jobs in processes of this machine, strictly one after the other."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BadInput
from bench.execute import probe, process
from bench.execute.base import Executor, Outcome
from bench.jobs.base import Job, Report, Say
from bench.jobs.prepare import ProbeJob


@dataclass(frozen=True)
class LocalExecutor(Executor):
    """One place, `here`; `submit` returns when the job is done."""

    cache: Path
    address: str | None = None

    def __post_init__(self) -> None:
        """Refuse an address."""
        if self.address is not None:
            raise BadInput("The executor 'local' has no address.", "Did you mean --executor ray?")

    def submit(
        self, job: Job, *, place: str, timeout_s: float, log: Path, progress: Say
    ) -> Future[Outcome]:
        """Outcome, which is there when this returns."""
        del place
        done: Future[Outcome] = Future()
        done.set_result(
            Outcome(report=probe.answer(job))  # a process would tell the same, half a second later
            if isinstance(job, ProbeJob)
            else self.work(job, timeout_s, log, progress)
        )
        return done

    def work(self, job: Job, timeout_s: float, log: Path, progress: Say) -> Outcome:
        """How a process that does the job ended."""
        return process.outcome(job, self.cache, timeout_s, log, progress)

    def stands(self, job: Job, place: str) -> Report | None:
        """Report of a job whose result lies in the cache."""
        del place
        return job.stands(self.cache)

    def drop(self, names: Sequence[str], place: str) -> None:
        """Remove folders from the cache."""
        del place
        process.drop(self.cache, names)

    def close(self) -> None:
        """Nothing runs any more."""
