from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from tests.builders import ROWS, build_run, with_rows
from tests.gate.planted import emptied, reprotocolled

FP32 = "onnx-onnxruntime-fp32"


@pytest.fixture
def a(tmp_path):
    return build_run(tmp_path / "a")


def compare(*words):
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def test_differences_are_said_and_no_verdict(a, tmp_path):
    b = build_run(tmp_path / "b", with_rows(ROWS, FP32, flip=0.1, latency_ms=30.0))
    done = compare(a.folder, b.folder)
    assert done.exit_code == 0
    assert "points [" in done.stdout
    assert "10.1 ms ->" in done.stdout
    assert "openvino is not installed." in done.stdout


def test_fields_that_differ_are_named(a, tmp_path):
    b = reprotocolled(build_run(tmp_path / "b"), FP32, postprocess="hf")
    done = compare(a.folder, b.folder)
    assert "not compared: postprocess (reference, now hf)" in done.stdout


def test_json(a):
    found = json.loads(compare(a.folder, a.folder, "--json").stdout)
    assert found["schema"] == 1
    assert set(found["cases"][0]) == {"case", "status", "reason", "changes", "setting"}
    assert {c["metric"] for c in found["cases"][0]["changes"]} == {
        *("miou", "latency_p50_ms", "rss_peak_bytes", "file_bytes"),
    }


def test_nothing_in_common_exits_4(a, tmp_path):
    build_run(tmp_path / "b")
    assert compare(a.folder, emptied(tmp_path / "b").folder).exit_code == 4
    assert compare(a.folder, tmp_path).exit_code == 2
