from __future__ import annotations

import json

from typer.testing import CliRunner

from bench.cli.app import app
from tests.builders import Planned, build_run


def pareto(*words):
    return CliRunner().invoke(app, ["pareto", *map(str, words)])


def test_the_front_and_one_sentence(tmp_path):
    done = pareto(build_run(tmp_path / "run").folder)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert any("onnx-onnxruntime-int8-static" in x and "nothing beats it" in x for x in lines)
    assert "torch-bf16 (wrong)" in done.stdout
    assert lines[-1].startswith("micro on cpu: take onnx-onnxruntime-fp32: mIoU 73.20 at 10.1 ms")


def test_json(tmp_path):
    found = json.loads(pareto(build_run(tmp_path / "run").folder, "--json").stdout)
    assert (found["schema"], len(found["groups"])) == (1, 1)
    group = found["groups"][0]
    assert {v["variant"] for v in group["variants"] if v["trade_off"]} == {
        *("onnx-onnxruntime-fp32", "onnx-onnxruntime-int8-static"),
    }
    assert {x["status"] for x in group["left_out"]} == {"wrong", "skipped", "failed"}


def test_nothing_to_weigh_exits_4(tmp_path):
    done = pareto(build_run(tmp_path / "run", (Planned(seeded=True),)).folder)
    assert done.exit_code == 4
    assert "the fastest variant is torch-fp32, 20.0 ms. Its weights are seeded" in done.stdout
    skipped = build_run(tmp_path / "other", (Planned(status="skipped"),))
    assert "No variant can be advised" in pareto(skipped.folder).stdout
