"""A later launch of a case: the same session and timing in a fresh process, without accuracy.

A process has its own luck (memory layout, placement of threads), so only another process tells how
much of a latency is luck.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.run import performance
from bench.run.session import open_bench

if TYPE_CHECKING:
    from bench.run.job import Job
    from bench.run.progress import Say


def run(job: Job, say: Say) -> dict[str, Any]:
    """`launch`, `effective` settings of the session, and `times` in seconds."""
    say("load", 0, 1)
    bench, opening = open_bench(job, job.case.variant)
    began = time.monotonic()
    launch = performance.launch(bench, say)
    timed = time.monotonic()
    effective = dict(bench.session.effective)
    bench.session.close()
    return {
        "launch": launch.model_dump(mode="json"),
        "effective": effective,
        "times": {
            "import_s": opening.import_s,
            "load_s": opening.load_s,
            "timing_s": timed - began,
        },
    }
