from bench.metrics.base import Row, Source
from bench.metrics.catalog.coverage import metrics
from bench.report.blocks import Table
from bench.report.sections import coverage
from bench.report.view import View
from tests.metrics.catalog.test_coverage import FOUND


def test_only_what_was_measured_has_a_row_and_shares_are_percent(view):
    assert coverage.section(view) is None
    rows = []
    for i, row in enumerate(view.rows):
        if row in view.measured and not rows:
            result = row.result.model_copy(
                update={"measurements": (*row.result.measurements, FOUND)}
            )
            numbers = {**row.metrics, **metrics(Source(view.run, result, None))}
            rows.append(Row(result, numbers, row.by_class))
        else:
            rows.append(view.rows[i])
    made = coverage.section(View(view.run, tuple(rows)))
    (table,) = (b for b in made.blocks if isinstance(b, Table))
    assert [[c.text for c in row][1:] for row in table.rows] == [
        ["50.0", "60.0", "40.0", "20.0", "fp32 40.0 %"]
    ]
