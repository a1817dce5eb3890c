"""A later launch of a case: the same session and timing in a fresh process, without accuracy.

A process has its own luck (memory layout, placement of threads), so only another process tells how
much of a latency is luck.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.measure import performance
from bench.measure.session import load_case

if TYPE_CHECKING:
    from bench.jobs.base import Job
    from bench.measure.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`launch`, `effective` settings of the session, and `times` in seconds."""
    say("load", 0, 1)
    loaded, opening = load_case(job, job.case.variant)
    began = time.monotonic()
    launch = performance.launch(loaded, say)
    timed = time.monotonic()
    effective = dict(loaded.session.effective)
    loaded.session.close()
    return {
        "launch": launch.model_dump(mode="json"),
        "effective": effective,
        "times": {
            "import_s": opening.import_s,
            "load_s": opening.load_s,
            "timing_s": timed - began,
        },
    }
