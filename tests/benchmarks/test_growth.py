"""How reading a run grows with its cases: `show` cold and warm, `gate` and `card`.

Each size is a sweep of ten variants in eight images, with a reference a point; GROWTH_CASES asks for
other sizes than 300, 1000 and 3000 (10000 takes minutes to build). The exponent is the slope of log
time over log cases: at 1, twice the cases take twice the time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from bench.record.store import file_stem, read_run, to_json, write_atomic
from tests.builders import Swept, build_run

SIZES = [int(n) for n in os.environ.get("GROWTH_CASES", "300,1000,3000").split(",")]
SLUGS = (
    "torch-fp32", "torch-bf16", "torch-fp16", "torchscript-fp32", "onnx-onnxruntime-fp32",
    "onnx-onnxruntime-int8-static", "onnx-onnxruntime-int8-dynamic", "openvino-fp32",
    "openvino-int8", "openvino-bf16",
)  # fmt: skip
AIMS_S = {"show": 10, "show again": 2, "gate": 30, "card": 30}
"""Aims for 10,000 cases on an idle machine with two cores."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Cases -> folder of a run and of a baseline whose counts are others."""
    tmp = tmp_path_factory.mktemp("growth")
    seed = [
        build_run(tmp / f"seed{s}", tuple(Swept(slug, flip=0.01 * i, latency_ms=10 + i, axis="p")
                                          for i, slug in enumerate(SLUGS)), seed=s)
        for s in range(2)
    ]  # fmt: skip
    return {
        n: tuple(repeated(run, tmp / f"{n}-{s}", n) for s, run in enumerate(seed)) for n in SIZES
    }


def repeated(run, folder, cases):
    """A run of many points, each with the ten results of one."""
    plan = []
    (folder / "cases").mkdir(parents=True)
    for file in (run.folder / "cases").glob("*.npz"):
        shutil.copy(file, folder / "cases")
    shutil.copytree(run.folder / "media", folder / "media")
    shutil.copytree(run.folder / "ceilings", folder / "ceilings")
    whole = run.results
    for i in range(cases):
        point, result = i // len(whole), whole[i % len(whole)]
        case = result.case.model_copy(update={"axis": f"p{point}"})
        made = []
        for m in result.measurements:
            arrays = getattr(m, "arrays", None)
            if arrays is not None:  # each case its own file, as in a real run
                name = f"{file_stem(case.id)}.{m.kind}.npz"
                os.link(folder / "cases" / arrays.file, folder / "cases" / name)
                m = m.model_copy(update={"arrays": arrays.model_copy(update={"file": name})})  # noqa: PLW2901
            made.append(m)
        mine = result.model_copy(update={"case": case, "measurements": tuple(made)})
        (folder / "cases" / f"{file_stem(case.id)}.json").write_bytes(to_json(mine))
        plan.append(case.id)
    write_atomic(folder / "run.json", to_json(run.info.model_copy(update={"plan": tuple(plan)})))
    return folder


MEASURED = """
import resource, sys
from bench.cli.app import main
try:
    main()
finally:
    print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""


def command(cache, *words):
    """Seconds and peak memory, MiB, of a command in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *map(str, words)], capture_output=True, text=True,
        env={**os.environ, "SEGBENCH_CACHE": str(cache)}, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    found = re.search(r"PEAK (\d+)", done.stderr)
    assert found, done.stderr
    return seconds, int(found[1])


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("what", AIMS_S)
def test_reading_a_run_grows_with_its_cases_and_not_faster(benchmark, runs, tmp_path, what):
    found = {}
    for cases, (folder, baseline) in runs.items():
        cache = tmp_path / str(cases)
        words = {
            "show": ("show", folder),
            "show again": ("show", folder),
            "gate": ("gate", folder, "--baseline", baseline),
            "card": ("card", folder, "--out", tmp_path / "card"),
        }[what]
        if what == "show again":
            command(cache, *words)
        found[cases] = command(cache, *words)
    seconds = [s for s, _ in found.values()]
    exponent = float(np.polyfit(np.log(SIZES), np.log(seconds), 1)[0]) if len(SIZES) > 1 else None
    benchmark.extra_info.update(
        cases=SIZES,
        seconds=[round(s, 2) for s in seconds],
        peak_mib=[m for _, m in found.values()],
        exponent=exponent,
        aim_10000_s=AIMS_S[what],
    )
    print(what, {n: (round(s, 1), f"{m} MiB") for n, (s, m) in found.items()}, exponent)
    benchmark.pedantic(read_run, (runs[SIZES[0]][0],), rounds=1)
    assert exponent is None or exponent < 1.15
