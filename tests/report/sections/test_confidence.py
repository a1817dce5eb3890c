from __future__ import annotations

import numpy as np

from bench.metrics.rows import rows
from bench.record.further import BoundaryMeasurement, ReliabilityMeasurement
from bench.record.store import read_run, write_arrays, write_result
from bench.report.blocks import Figure, Table
from bench.report.sections import confidence
from bench.report.view import View
from tests.builders import Planned, build_run


def _with_counts(run, shift: int):
    """A result of the run, with ten images' counts beside its own."""
    result = next(r for r in run.results if r.case.is_reference == (shift == 0))
    seen = {"classes": ("a", "b"), "images": tuple(map(str, range(10))), "asked": 10}
    image = np.repeat(np.arange(10, dtype=np.uint32), 2)
    own = {
        "class_index": np.tile([0, 1], 10), "intersection": 20 + image - shift, "union": 40 + image,
    }  # fmt: skip
    bins = {
        "bin": np.tile([7, 14], 10), "pixels": np.full(20, 100), "correct": np.tile([40, 90 - shift], 10),
        "confidence": np.tile([50.0, 97.0], 10),
    }  # fmt: skip
    more = (
        BoundaryMeasurement(
            **seen, share=0.02,
            arrays=write_arrays(run.folder / "cases", result.case.id, "boundary", {**own, "image": image}),
        ),
        ReliabilityMeasurement(
            **seen, bins=15, step=8,
            arrays=write_arrays(run.folder / "cases", result.case.id, "reliability", {**bins, "image": image}),
        ),
    )  # fmt: skip
    write_result(
        run.folder,
        result.model_copy(update={"measurements": (*result.measurements, *more)}),
        more=True,
    )


def test_variants_have_their_numbers_and_a_line_each(tmp_path) -> None:
    run = build_run(tmp_path, (Planned(), Planned("torch-bf16", flip=0.1)))
    assert confidence.section(View(run, rows(run))) is None
    for shift in (0, 1):
        _with_counts(run, shift)
    run = read_run(run.folder)
    section = confidence.section(View(run, rows(run)))
    (figure,) = [b for b in section.blocks if isinstance(b, Figure)]
    assert "torch-fp32 90.00 % right at 97.00 %" in figure.alt
    (table,) = [b for b in section.blocks if isinstance(b, Table)]
    assert [c.title for c in table.columns][1:] == [
        "Boundary IoU", "Boundary IoU, difference", "Calibration error", "Calibration error, difference",
    ]  # fmt: skip
    shown = {r[0].text: [c.text for c in r[1:]] for r in table.rows}
    assert shown["torch-fp32"][2] == "8.50"
    assert shown["torch-bf16"][2:] == ["9.00", "+0.50"]
