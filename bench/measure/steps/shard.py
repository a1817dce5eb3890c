"""Measures the accuracy and parity of one part of a case's images."""

import time

from bench.jobs.base import Say
from bench.jobs.measure import ShardJob, ShardReport
from bench.measure import accuracy
from bench.measure.session import closed, load_case


def run(job: ShardJob, say: Say) -> ShardReport:
    """As a case's, of some of its images."""
    say("load", 0, 1)
    loaded, opening = load_case(job, job.case.variant)
    began = time.monotonic()
    found = accuracy.walk(loaded, say, job.reference_folder)
    walked = time.monotonic()
    counts, beside = accuracy.counts(job, loaded, found), accuracy.beside(job, loaded, found)
    return ShardReport(
        shard=job.shard,
        indices=tuple(found.indices),
        images=tuple(loaded.images.names[i] for i in found.indices),
        asked=loaded.count,
        measurements=(*counts, *beside),
        weights=dict(loaded.session.weights),
        **closed(loaded, opening, accuracy_s=walked - began, timing_s=0.0),
    )
