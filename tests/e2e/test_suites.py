"""tests/suites, which `nox -s bench` runs: on a suite of one small graph, without the gate's verdict."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.record.store import read_run
from tests import small

ROOT = Path(__file__).parents[2]
PYTEST = (
    sys.executable, "-m", "pytest", "tests/suites", "--confcutdir", "tests/suites", "-p",
    "no:cacheprovider", "-o", "addopts=--import-mode=importlib",
)  # fmt: skip


@pytest.mark.e2e
@pytest.mark.usefixtures("cache")
def test_a_benchmark_holds_the_samples_of_its_run(tmp_path):
    suite, file = small.write_suite(tmp_path), tmp_path / "found.json"
    asked = ("--suite", str(suite), "--runs", str(tmp_path / "runs"), f"--benchmark-json={file}")
    command = [*PYTEST, *asked, "-k", "latency"]
    # pytest-benchmark measures nothing in a process that looks like one of xdist's.
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=alone)
    assert done.returncode == 0, done.stdout
    made = {b["params"]["number"]: b for b in json.loads(file.read_text())["benchmarks"]}
    assert set(made) == {"first", "second"}
    for number, found in made.items():
        (result,) = read_run(tmp_path / "runs" / number).results
        (launch,) = result.get("timing").launches
        assert found["params"]["case"] == found["group"] == result.case.id
        assert found["stats"]["data"] == [ns / 1e9 for ns in launch.end_to_end_ns]
        assert found["extra_info"]["latency_p50_ms"] > 0


def test_nothing_is_collected_where_no_suite_is_asked_for():
    command = [*PYTEST, "--collect-only", "-q"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 5, done.stdout  # pytest's status for no test
