from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import bench

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as z:
        yield z


def test_wheel_brings_one_import_package(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"bench", f"segbench-{bench.__version__}.dist-info"}


@pytest.mark.parametrize(
    ("pattern", "inside"),
    [
        ("suites/**/*.toml", "bench/_data/suites"),
        ("reports/templates/**/*", "bench/_data/reports/templates"),
        ("bench/models/weights/**/*", "bench/models/weights"),
        ("bench/**/*.py", "bench"),
    ],
)
def test_wheel_carries_every_file_of(wheel, pattern, inside):
    base = ROOT / pattern.split("/*")[0]
    files = [f for f in ROOT.glob(pattern) if f.is_file() and "__pycache__" not in f.parts]
    assert files
    names = {f"{inside}/{f.relative_to(base).as_posix()}" for f in files}
    assert names <= set(wheel.namelist())


def test_wheel_leaves_examples_and_tests_at_home(wheel):
    assert not [n for n in wheel.namelist() if "examples" in n or n.startswith("tests")]


def test_wheel_says_who_it_is(wheel):
    (file,) = [n for n in wheel.namelist() if n.endswith("METADATA")]
    about = Parser().parsestr(wheel.read(file).decode())
    assert (about["Name"], about["Version"]) == ("segbench", bench.__version__)
    assert about["License-Expression"] == "Apache-2.0"
    assert about.get_payload().startswith("# segbench")
    assert (
        "segbench = bench.cli.app:main"
        in wheel.read(file.replace("METADATA", "entry_points.txt")).decode()
    )


def test_constraints_pin_torch_and_everything_that_is_declared():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert pins["torch"] == "2.13.0"
    groups = [r for g in PROJECT["dependency-groups"].values() for r in g]
    extras = PROJECT["project"]["optional-dependencies"]
    asked = [*PROJECT["project"]["dependencies"], *extras["openvino"], *groups]
    names = {r.split(">=")[0].lower().replace("_", "-") for r in asked}
    assert names <= pins.keys()


def test_a_user_gets_no_tool_of_the_tests():
    groups = (r for group in PROJECT["dependency-groups"].values() for r in group)
    tools = {r.split(">=")[0] for r in groups}
    assert "pytest-benchmark" in tools
    assert not tools & {r.split(">=")[0] for r in PROJECT["project"]["dependencies"]}


def test_licence_is_the_whole_apache_2():
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
