import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from bench.cli.table import COLUMNS, LEFT_OUT_FIRST, cell, fitting, names, print_rows
from bench.metrics.base import Metric, Row
from bench.metrics.rows import rows
from tests.builders import Planned, build_run
from tests.gate.planted import replaced, revised
from tests.metrics import simulated


def text(made, **options):
    out = io.StringIO()
    print_rows(made, Console(file=out, color_system=None, highlight=False, **options))
    return out.getvalue()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return rows(build_run(tmp_path_factory.mktemp("run")))


@pytest.mark.parametrize("width", [72, 80, 100, 120, 200])
def test_nothing_runs_over_a_terminal_and_what_is_left_out_is_said(made, width):
    shown = text(made, width=width, force_terminal=True)
    table, *below = shown.split("no room for: ")
    assert max(map(len, table.splitlines())) <= width
    left = [
        h
        for h in COLUMNS
        if h not in fitting(names(made), {h: [cell(r, h) for r in made] for h in COLUMNS}, width)
    ]
    assert bool(below) == bool(left)
    assert all(heading in below[0] for heading in left)
    assert "mIoU %" in table


def test_a_log_has_all_columns(made):
    shown = text(made)
    assert all(heading.replace("accuracy", "mIoU") in shown for heading in COLUMNS)


def test_a_task_names_its_accuracy_and_has_a_table_of_its_own(made):
    other = replace(made[0].names, headline="pq", label="PQ")
    number = {"pq": Metric(0.4321, low=0.4, high=0.5), "pq_difference": Metric(-0.01)}
    shown = text([*made, Row(made[0].result, number, told=other)])
    assert "scenes, mIoU" in shown
    first, second = shown.split("scenes, PQ")
    assert "PQ %" not in first
    assert "PQ %" in second
    assert "43.21 \N{PLUS-MINUS SIGN}5.00" in second
    assert "\N{MINUS SIGN}1.00" in second
    assert "no PQ: seeded" in text([
        Row(made[0].result, {"pq": Metric(None, reason="seeded")}, told=other)
    ])


def test_the_first_columns_to_go_are_columns():
    assert set(LEFT_OUT_FIRST) < set(COLUMNS)


def test_targets_are_named_where_they_differ_and_models_apart(tmp_path):
    planned = (Planned(), Planned(target="one"), Planned(model="other", seeded=True))
    shown = text(rows(build_run(tmp_path, planned)))
    assert "torch-fp32 / one" in shown
    assert "other on scenes" in shown
    assert "no mIoU: seeded weights" in shown


def test_markup_in_a_reason_is_text(tmp_path):
    planned = (Planned(status="failed", reason="list index [/] out of [range]"),)
    assert "list index [/] out of [range]" in text(rows(build_run(tmp_path, planned)))


def timed(folder, *timings):
    run = build_run(folder, tuple(Planned(s) for s in ("torch-fp32", "torch-bf16")[: len(timings)]))
    for result, timing in zip(run.results, timings, strict=True):
        slug = result.case.variant.slug
        run = revised(run, slug, measurements=replaced(result, "timing", timing))
    return rows(run)


def test_several_processes_give_the_median_its_plus_minus(tmp_path):
    shown = text(timed(tmp_path, simulated.timing(3, launches=5, between=0.1)))
    assert re.search(r" \d\d\.\d ±\d\.\d ", shown)
    assert "flag" not in shown.replace("flags", "")


def test_flags_are_counted_and_named_once(tmp_path):
    drifting, alone = simulated.timing(1, "drift"), simulated.timing(1, "few processes")
    shown = text(timed(tmp_path, drifting, alone))
    assert "flag drift: torch-fp32\n" in shown
    assert "flag few processes: torch-bf16\n" in shown
    both = text(timed(tmp_path / "both", drifting, drifting))
    assert "flag drift: all\n" in both


def test_load_at_its_own_pace_gets_a_line(tmp_path):
    server = simulated.streamed("server", simulated.server(0, 0.5, deadline_ms=30))
    camera = simulated.streamed("constant_stream", simulated.camera(400, 10, 14))
    shown = text(timed(tmp_path, server, camera))
    assert re.search(r"torch-fp32: p50 1\d\.\d ms under load, p99 \d\d\.\d ms", shown)
    assert "100.0% of deadlines missed" in shown
    assert "peak age" in shown
