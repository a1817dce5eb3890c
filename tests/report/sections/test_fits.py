from __future__ import annotations

import pytest

from bench.metrics.rows import rows
from bench.record.memory import Fit, FitsMeasurement
from bench.record.store import read_run, write_result
from bench.report.blocks import Table
from bench.report.sections.fits import section
from bench.report.view import View
from tests.builders import Planned, build_run

GB = 10**9


@pytest.fixture
def table(tmp_path):
    """Function: measurements, one a row (None = none) -> the table of the section."""

    def make(*found):
        slugs = ("torch-fp32", "onnx-onnxruntime-fp32", "torch-bf16")
        planned = [Planned(s) for s, _ in zip(slugs, found, strict=False)]
        run = build_run(tmp_path, planned, images=2, panels=0)
        for result, fits in zip(run.results, found, strict=True):
            if fits is not None:
                more = (*result.measurements, fits)
                write_result(tmp_path, result.model_copy(update={"measurements": more}))
        run = read_run(tmp_path)
        made = section(View(run, rows(run)))
        return made and next(b for b in made.blocks if isinstance(b, Table))

    return make


def fit(gb, **more):
    return Fit(limit_bytes=int(gb * GB), memory="main", **more)


def test_a_run_that_sought_nothing_has_no_section(table):
    assert table(None) is None


def test_limits_are_columns_and_variants_rows(table):
    a = FitsMeasurement(
        fits=(fit(8, largest_batch=12, largest_image=(2048, 4096)), fit(0.5, reason="No room."))
    )
    b = FitsMeasurement(fits=(fit(8, largest_batch=4096, batch_bound=True, reason="Odd."),))
    c = FitsMeasurement(absent="The step failed.")
    found = table(a, b, c)
    titles = [col.title for col in found.columns[1:]]
    assert titles == ["Batch, 8.00 GB", "Image, 8.00 GB", "Batch, 500.0 MB", "Image, 500.0 MB"]
    first, second, third = found.rows
    assert [cell.text for cell in first[1:3]] == ["12", "2048 x 4096"]
    assert first[3].note == "No room."
    assert second[1].text == "\N{GREATER-THAN OR EQUAL TO} 4\N{NARROW NO-BREAK SPACE}096"
    assert second[1].note == "Odd."
    assert second[3].note == "this wasn't sought"
    assert {cell.note for cell in third[1:]} == {"The step failed."}
