"""Options of the benchmarks of a suite, and its two runs; `nox -s bench` gives them.

Its tests are collected only where `--suite` names one: they take as long as two runs of it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli.options import pairs
from bench.plan.select import select
from bench.suite.load import load_suite

RUNS = ("first", "second")


def pytest_addoption(parser):
    """What `segbench run` is asked."""
    parser.addoption("--suite", help="A shipped suite's name, or the path of a TOML file.")
    parser.addoption("--target", help="Run all blocks on this target.")
    parser.addoption("--only", metavar="GLOB", help="Only cases whose id matches.")
    parser.addoption(
        "--weights", action="append", help="MODEL=DIR, hub or seed, as in segbench run."
    )
    parser.addoption("--dataset", action="append", help="OLD=NEW, as in segbench run.")
    parser.addoption("--runs", default="runs/suites", help="Folder of both runs; it is emptied.")


def pytest_ignore_collect(config):
    """Nothing is measured unless a suite is asked for."""
    return config.getoption("suite", None) is None or None


def pytest_generate_tests(metafunc):
    """Every case of the suite, in both runs: one after the other, so that their rows meet."""
    if "case" in metafunc.fixturenames:
        option = metafunc.config.getoption
        suite = load_suite(
            option("suite"),
            target=option("target"),
            weights=pairs(option("weights"), "--weights"),
            datasets=pairs(option("dataset"), "--dataset"),
        )
        cases = select(suite.expand(), option("only"))
        metafunc.parametrize("number", RUNS)
        metafunc.parametrize("case", [case.id for case in cases])


@pytest.fixture(scope="session")
def command():
    """Runs segbench, its words on the terminal; gives its exit status."""

    def run(*words):
        done = subprocess.run([sys.executable, "-m", "bench", *words], check=False)
        return done.returncode

    return run


@pytest.fixture(scope="session")
def runs(pytestconfig, command):
    """Folder of two runs of the suite, one after the other."""
    option = pytestconfig.getoption
    folder = Path(option("runs"))
    shutil.rmtree(folder, ignore_errors=True)
    words = [option("suite")]
    for name in ("target", "only"):
        words += [f"--{name}", option(name)] if option(name) else []
    for name in ("weights", "dataset"):
        words += [word for value in option(name) or () for word in (f"--{name}", value)]
    for number in RUNS:
        code = command("run", *words, "--out", str(folder / number))
        assert code in {0, 3}, f"segbench run ended with {code}"
    return folder
