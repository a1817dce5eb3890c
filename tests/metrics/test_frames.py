import subprocess
import sys

import pytest

import bench
from bench.metrics.frames import column_of
from bench.metrics.rows import rows
from tests.builders import build_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    build_run(folder)
    return bench.load_run(folder)


def test_a_row_a_case_with_units_in_the_names(run):
    frame = run.frame().set_index("case")
    made = rows(run)
    assert list(frame.index) == [r.id for r in made]
    for row in made:
        at = frame.loc[row.id]
        assert (at.status, at.variant) == (row.status, row.names.variant)
        for name, metric in row.metrics.items():
            value = at[column_of(name)]
            assert value == metric.value or (metric.value is None and value != value)
            if metric.low is not None:
                assert (at[f"{column_of(name)}_low"], at[f"{column_of(name)}_high"]) == (
                    metric.low, metric.high
                )  # fmt: skip
    assert column_of("miou") == "miou_fraction"
    assert column_of("latency_p50_ms") == "latency_p50_ms"
    assert column_of("map_sqnr_db") == "map_sqnr_db"
    assert column_of("somebody_elses") == "somebody_elses"


def test_a_row_a_timing(run):
    samples = run.samples()
    for result in run.results:
        timing = result.get("timing")
        mine = samples[samples.case == result.case.id]
        if timing is None:
            assert mine.empty
            continue
        (launch,) = timing.launches
        assert tuple(mine.end_to_end_ns) == launch.end_to_end_ns
        assert tuple(mine.forward_ns) == launch.phases_ns["forward"]
        assert list(mine.iteration) == list(range(len(launch.end_to_end_ns)))


def test_a_row_an_image_and_class_from_whose_sums_the_metric_follows(run):
    images = run.images()
    for row in rows(run):
        mine = images[(images.case == row.id) & (images.metric == "iou")]
        if row.value("miou") is None:
            assert mine.empty
            continue
        sums = mine.groupby("class")[["numerator", "denominator"]].sum()
        ratios = (sums.numerator / sums.denominator)[sums.denominator > 0]
        assert ratios.mean() == pytest.approx(row.value("miou"))
        assert ratios["road"] == pytest.approx(row.by_class["iou"]["road"].value)


def test_the_library_costs_no_pandas_before_a_table_is_asked_for(run):
    code = (
        "import sys, bench; assert 'numpy' not in sys.modules; "
        f"run = bench.load_run({str(run.folder)!r}); assert 'pandas' not in sys.modules; "
        "run.frame(); assert 'pandas' in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
