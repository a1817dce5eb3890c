import numpy as np
import pytest

from bench.measure.flips import arrays, count, margin_of
from bench.metrics.base import Source
from bench.metrics.catalog.parity import metrics
from bench.metrics.flips import flips
from bench.record.flips import FlipsMeasurement
from bench.record.store import read_run, write_arrays, write_result
from tests import builders

CLASSES = ("road", "car", "sky")
REFERENCE = np.repeat(np.repeat([[0, 1]], 20, 1), 10, 0).astype(np.uint8)
"""Label maps of 10 x 40: road on the left, car on the right."""


def told(folder, case_id, *founds, margin=None):
    """Measurement of images whose reference is REFERENCE."""
    cells = [count(REFERENCE, found, margin) for found in founds]
    return FlipsMeasurement(
        reference="torch-fp32",
        classes=CLASSES,
        images=tuple(f"i{k}" for k in range(len(founds))),
        arrays=write_arrays(folder, case_id, "flips", arrays(cells)),
    )


def changed(*places):
    found = REFERENCE.copy()
    for row, column, label in places:
        found[row, column] = label
    return found


def test_tables_are_sums_over_images(tmp_path):
    one = changed((0, 19, 1), (1, 0, 2), (2, 0, 2))
    two = changed((0, 0, 2), (0, 39, 255))
    tables = flips(tmp_path, told(tmp_path, "x", one, two))
    assert tables.pairs == (("road", "sky", 3), ("car", "no class", 1), ("road", "car", 1))
    assert tables.distance.flips.tolist() == [1, 0, 0, 0, 4]
    assert tables.distance.pixels.sum() == 2 * REFERENCE.size
    assert tables.distance.share(lambda low: low < 4) == pytest.approx(0.2)
    assert tables.margin.pixels.sum() == 0
    assert tables.margin.share(lambda low: True) is None


def test_the_metrics_say_where_labels_differ_or_why_not(tmp_path):
    run = builders.build_run(tmp_path, builders.ROWS[:2])
    row = run.results[1]
    source = Source(run, row, None)
    assert metrics(source)["flips_boundary"].reason == "not recorded"
    scores = np.zeros((3, 10, 40), np.float32)
    scores[0, :, 20:] = 0.5
    found = told(
        tmp_path / "cases", row.case.id, changed((0, 19, 1), (5, 39, 0)), margin=margin_of(scores)
    )
    write_result(
        tmp_path, row.model_copy(update={"measurements": (*row.measurements, found)}), more=True
    )
    run = read_run(tmp_path)
    numbers = metrics(Source(run, run.results[1], None))
    assert (numbers["flips_boundary"].value, numbers["flips_sure"].value) == (0.5, 0.5)
    same = told(tmp_path / "cases", "y", REFERENCE)
    row = row.model_copy(update={"measurements": (*row.measurements, same)})
    assert metrics(Source(run, row, None))["flips_sure"].reason == "no label differs"
