"""All steps by name, and how a worker reads a job of any version."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bench.errors import CaseFailed
from bench.jobs import measure, prepare
from bench.jobs.base import Job
from bench.suite.base import fault

JOBS: dict[str, type[Job]] = {
    job.named(): job
    for room in (prepare, measure)
    for job in vars(room).values()
    if isinstance(job, type) and issubclass(job, Job) and "report" in vars(job)
}


def read(said: Mapping[str, Any]) -> Job:
    """Job out of a message.

    Raises:
        CaseFailed: it is of a step or version that this segbench doesn't know, or its case is.
    """
    step, version, mine = str(said["step"]), int(said.get("version", 1)), "This worker's segbench"
    kind = JOBS.get(step)
    if kind is None:
        raise CaseFailed(f"{mine} has no step {step!r}; its parent's has.")
    known = kind.model_fields["version"].default
    if version > known:
        raise CaseFailed(
            f"{mine} knows jobs of the step {step!r} up to version {known}, and its parent sent "
            f"version {version}."
        )
    try:
        return kind.model_validate({k: v for k, v in said.items() if k in kind.model_fields})
    except ValidationError as e:
        raise CaseFailed(f"{mine} can't read its job: {fault(e)}.") from None
