from bench.metrics.rows import rows
from bench.record.result import Failure, StepRecord
from bench.record.rung import Rung
from bench.record.store import read_run, write_result
from bench.report.blocks import Table
from bench.report.sections.differences import section as differences
from bench.report.sections.exports import section as exports
from bench.report.view import View
from tests.builders import ROWS, build_run
from tests.cli.test_examined import CHECKS, FAILED, STAGES, TRACE
from tests.metrics.test_flips import REFERENCE, changed, told
from tests.report.conftest import words

EXPORT = Rung(name="export", ok=True, wall_s=1)


def view(tmp_path, *changes):
    """View of a run whose rows, by position, got other fields; a tuple of measurements is added to theirs."""
    run = build_run(tmp_path, ROWS)
    for at, fields in changes:
        row = run.results[at]
        more = (*row.measurements, *fields.pop("measurements", ()))
        write_result(tmp_path, row.model_copy(update={**fields, "measurements": more}), more=True)
    run = read_run(tmp_path)
    return View(run, rows(run))


def tables(section):
    return [b for b in section.blocks if isinstance(b, Table)]


def made(run_row, *rungs):
    return run_row.artifact.model_copy(
        update={"steps": (StepRecord(name="onnx", wall_s=1, rungs=rungs),)}
    )


def test_a_run_without_exports_and_flips_has_neither_section(tmp_path):
    bare = view(tmp_path)
    assert exports(bare) is differences(bare) is None


def test_paths_stand_together_and_failed_ones_are_rows(tmp_path):
    row = build_run(tmp_path / "first", ROWS).results[1]
    failure = Failure(step="artifact", type="ExportFailed", message="none", rungs=(FAILED,))
    found = exports(
        view(
            tmp_path / "run",
            (1, {"artifact": made(row, FAILED, TRACE)}),
            (2, {"artifact": made(row, FAILED, TRACE)}),
            (3, {"artifact": made(row, EXPORT)}),
            (5, {"failure": failure}),
        )
    )
    (table,) = tables(found)
    cells = [[c.text for c in line] for line in table.rows]
    assert cells == [
        ["onnx-onnxruntime-fp32 and onnx-onnxruntime-int8-static", "onnx", "export", "failed"],
        ["", "onnx", "trace", "works"],
        ["torch-bf16", "onnx", "export", "works"],
        ["torchscript-fp32", "artifact", "export", "failed"],
    ]
    assert table.rows[0][3].detail == "at aten.item.default in blocks.0: Could not guard."


def test_checks_are_a_row_a_variant_with_reasons_as_notes(tmp_path):
    (table,) = tables(exports(view(tmp_path, (1, {"measurements": (CHECKS,)}))))
    assert [c.title for c in table.columns] == ["Variant", "Second image", "Second batch"]
    ((_, image, batch),) = table.rows
    assert (image.text, batch.text, batch.note) == ("wrong", "refused", "Got: 2")
    assert "50.0 % of labels" in image.note


def test_differences_are_shares_of_bins_pairs_and_stages(tmp_path):
    row = build_run(tmp_path / "first", ROWS).results[1]
    folder = tmp_path / "run" / "cases"
    found = told(folder, row.case.id, changed((0, 19, 1), (1, 0, 2), (2, 0, 2)))
    section = differences(view(tmp_path / "run", (1, {"measurements": (found, STAGES)})))
    distance, pairs, stages = tables(section)
    assert [c.title for c in distance.columns[2:]] == [
        "below 2", "2 to 4", "4 to 8", "8 to 16", "16 and more",
    ]  # fmt: skip
    ((_, whole, *bins),) = distance.rows
    assert whole.text == f"{100 * 3 / REFERENCE.size:.2g}"
    assert (bins[0].text, bins[0].detail) == ("2.5", "33 % of them")
    assert pairs.rows[0][1].text == "road → sky"
    assert [c.text for c in stages.rows[0][1:]] == ["identical", "3.0 dB"]
    assert stages.rows[0][2].badge == "wrong"
    assert "of Micro" not in words(section)
