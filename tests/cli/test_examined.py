import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.cli.examined import tables
from bench.record.checks import Check, ChecksMeasurement, Stage, StagesMeasurement
from bench.record.parity import OutputSums
from bench.record.result import Artifact, Failure, StepRecord
from bench.record.rung import Rung
from tests import builders

FAILED = Rung(
    name="export", ok=False, wall_s=0.44, operator="aten.item.default", module="blocks.0",
    message="Could not guard.",
)  # fmt: skip
TRACE = Rung(name="trace", ok=True, wall_s=1.25)
FAR = OutputSums(squared_error=(2.0,), squared_reference=(4.0,), largest_error=(1.0,))
EQUAL = OutputSums(squared_error=(0.0,), squared_reference=(4.0,), largest_error=(0.0,))
CHECKS = ChecksMeasurement(
    checks=(
        Check(name="second image", outcome="ran", asked="1 x 3 x 4 x 4", equal=1, total=2),
        Check(name="second batch", outcome="refused", asked="2 x 3 x 4 x 4", message="Got: 2"),
    )
)
STAGES = StagesMeasurement(stages=(Stage(name="input", sums=EQUAL), Stage(name="map", sums=FAR)))
MADE = Artifact(
    digest="d", file_bytes=1, steps=(StepRecord(name="onnx", wall_s=2, rungs=(FAILED, TRACE)),)
)
WRONG = builders.result(
    builders.case("torchscript-fp32"), status="wrong", reason="second image: it is wrong",
    artifact=MADE, measurements=(CHECKS, STAGES),
)  # fmt: skip


def test_paths_checks_and_stages_are_tables():
    assert list(tables(WRONG)) == [
        "step  path    result  seconds  why",
        "onnx  export  failed  0.4      at aten.item.default in blocks.0: Could not guard.",
        "onnx  trace   works   1.2",
        "",
        "check         answer   fed            labels   why",
        (
            "second image  WRONG    1 x 3 x 4 x 4  50.00 %  "
            "only 50.0 % of labels equal those of the model itself (limit 95 %)"
        ),
        "second batch  refused  2 x 3 x 4 x 4  -        Got: 2",
        "",
        "stage  SQNR       relative L2",
        "input  identical  0",
        "map    3.0 dB     0.71",
        "",
        "Wrong: second image: it is wrong.",
    ]


def test_where_no_path_works_all_are_told():
    failure = Failure(step="artifact", type="ExportFailed", message="x", rungs=(FAILED,))
    row = builders.result(builders.case("torchscript-fp32"), status="failed", failure=failure)
    assert "failed" in next(line for line in tables(row) if "export" in line)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (WRONG, 1),
        (builders.result(builders.case("torchscript-fp32"), artifact=MADE), 0),
        (builders.result(builders.case("torchscript-fp32"), status="failed"), 3),
        (builders.result(builders.case("torchscript-fp32"), status="skipped"), 2),
    ],
)
def test_the_exit_code_says_what_was_found(monkeypatch, row, code):
    monkeypatch.setattr("bench.plan.examine.examine", lambda *_: row)
    words = ["export", "segformer-micro", "--variant", "torchscript-fp32", "--check"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == code, done.output


def test_without_a_folder_and_without_a_check_there_is_nothing_to_do():
    done = CliRunner().invoke(app, ["export", "segformer-micro", "--variant", "torchscript-fp32"])
    assert done.exit_code == 2
    assert "neither --out nor --check" in done.stderr
