"""The same session for every ruler: opened from a job's file, called by hand.

As a program it is pyperf's script: `python ruler.py`, with the job's file in RULER_JOB.
"""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path

import numpy as np

from bench.jobs.measure import TimingJob
from bench.measure.session import load_case
from tests import small
from tests.benchmarks.test_isolation import SIZE, graph


def job(tmp_path, cache, **protocol) -> TimingJob:
    """Job of a session of a few tens of milliseconds, artifact and pictures made."""
    of = small.model(graph(tmp_path / "wide.onnx"))
    of = of.model_copy(update={"onnx": of.onnx.model_copy(update={"height": 512, "width": 1024})})
    data = small.folder(small.pictures(tmp_path / "pictures", 2, SIZE))
    asked = small.suite(
        small.block(of, data, protocol=small.QUICK.model_copy(update={"warmup": 5, **protocol}))
    )
    result = small.one(asked, tmp_path / "run", cache)
    assert result.status == "ok", result.reason
    return TimingJob(case=result.case, cache=str(cache), size=SIZE, artifact=result.artifact.digest)


def by_hand(loaded, position: int = 0):
    """Labels of one image: written apart from the harness, as somebody would who times by hand."""
    image = loaded.images.image(position)
    x = loaded.preprocess(image, loaded.case.model.pixels, loaded.size)
    return loaded.postprocess(loaded.infer(x)[0], loaded.size, image.shape[:2])


def over_processes(medians) -> tuple[float, float]:
    """95 % interval, Student's t over the logarithms of the processes' medians."""
    from scipy.stats import t

    logs = np.log(medians)
    half = t.ppf(0.975, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs))
    return float(np.exp(logs.mean() - half)), float(np.exp(logs.mean() + half))


def overlap(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return max(a[0], b[0]) <= min(a[1], b[1])


def main() -> None:
    import pyperf

    runner = pyperf.Runner()
    asked = TimingJob.model_validate_json(Path(os.environ["RULER_JOB"]).read_text())
    loaded, _ = load_case(asked, asked.case.variant)
    runner.bench_func("call", partial(by_hand, loaded))


if __name__ == "__main__":
    main()
