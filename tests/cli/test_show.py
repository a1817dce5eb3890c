import csv
import json

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from tests.builders import ROWS, Planned, build_run


def run(*args):
    return CliRunner().invoke(app, ["show", *map(str, args)])


def test_json_holds_every_case_with_numbers_or_reasons(tmp_path):
    built = build_run(tmp_path)
    done = run(tmp_path, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    assert (found["schema"], found["suite"]) == (1, "built")
    assert [c["id"] for c in found["cases"]] == list(built.info.plan)
    for case, row in zip(found["cases"], ROWS, strict=True):
        assert case["status"] == row.status
        missing = {name for name, value in case["metrics"].items() if value is None}
        assert set(case["reasons"]) == missing
        assert all(case["reasons"].values())
    first = found["cases"][1]
    low, high = first["intervals"]["miou"]
    assert low < first["metrics"]["miou"] < high
    assert len(first["iou"]) == 19
    assert found["cases"][-1]["reason"] == "The worker was killed by SIGKILL."


def test_cases_without_a_result_are_pending(tmp_path):
    build_run(tmp_path, (Planned(),), plan=(Planned().case.id, "one/more/case"))
    assert json.loads(run(tmp_path, "--json").stdout)["pending"] == ["one/more/case"]
    assert "1 of 2 cases have no result yet: one/more/case" in run(tmp_path).stderr


def test_the_table_shows_numbers_and_why_rows_have_none(tmp_path):
    build_run(tmp_path)
    done = run(tmp_path)
    assert done.exit_code == 0
    for text in ("onnx-onnxruntime-int8-static", "mIoU %", "images/s", "peak memory", "agreement"):
        assert text in done.stdout
    assert "skipped openvino-fp32: openvino is not installed." in done.stdout
    assert "failed torchscript-fp32: The worker was killed by SIGKILL." in done.stdout


def test_csv_is_a_line_a_case(tmp_path):
    build_run(tmp_path / "run")
    file = tmp_path / "numbers.csv"
    assert run(tmp_path / "run", "--csv", file).exit_code == 0
    with file.open() as f:
        lines = list(csv.DictReader(f))
    assert [line["status"] for line in lines] == [r.status for r in ROWS]
    assert float(lines[0]["miou.low"]) < float(lines[0]["miou"])
    assert 0 <= float(lines[0]["iou.road"]) <= 1
    assert lines[-1]["miou"] == ""
    done = run(tmp_path / "run", "--csv", tmp_path / "no" / "folder.csv")
    assert done.exit_code == 2
    assert "can't be written" in done.stderr


def test_a_folder_without_a_run_is_said(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 2
    assert "holds no run" in done.stderr
