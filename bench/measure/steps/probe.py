"""Tells what this machine is, and which cases it runs."""

from bench.execute.probe import answer
from bench.jobs.base import Say
from bench.jobs.prepare import ProbeJob, ProbeReport


def run(job: ProbeJob, say: Say) -> ProbeReport:
    """The machine, why cases don't run on it, and their environments."""
    say("probe", 0, 1)
    return answer(job)
