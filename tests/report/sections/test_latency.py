from __future__ import annotations

import pytest

from bench.metrics.rows import rows
from bench.record.timing import PollerEffect
from bench.report.blocks import Figure, Items, Prose, Table
from bench.report.sections.latency import section
from bench.report.sections.variants import section as variants
from bench.report.view import View
from tests.builders import Planned, build_run
from tests.gate.planted import of, replaced, revised
from tests.metrics import simulated
from tests.report.conftest import words

SLUGS = ("torch-fp32", "onnx-onnxruntime-fp32")


@pytest.fixture
def view_with(tmp_path):
    """Function: a timing for each of two forms -> view of a run that has them."""

    def make(*timings, **fields):
        run = build_run(tmp_path / "run", tuple(Planned(s) for s in SLUGS[: len(timings)]))
        for slug, timing in zip(SLUGS, timings, strict=False):
            kept = replaced(of(run, slug), "timing", timing)
            run = revised(run, slug, measurements=kept, **fields)
        return View(run, rows(run))

    return make


def table(found, at=0):
    return [b for b in found.blocks if isinstance(b, Table)][at]


def cells(found, at=0, row=0):
    shown = table(found, at)
    return {c.title: cell for c, cell in zip(shown.columns, shown.rows[row], strict=True)}


def test_both_intervals_and_both_variances_are_shown(view_with):
    found = section(view_with(simulated.timing(3, launches=5), simulated.timing(4, launches=5)))
    shown = cells(found)
    assert " to " in shown["Latency p50"].detail
    assert " to " in shown["One process"].detail
    assert (shown["Processes"].text, shown["Processes"].detail) == ("5", "100")
    assert all(float(shown[c].text) > 0 for c in ("Between processes", "Within a process", "Worth"))
    assert (shown["Stopped"].text, shown["Flags"].text) == ("iterations", "0")
    assert "Energy" not in shown
    (figure,) = [b for b in found.blocks if isinstance(b, Figure)]
    assert figure.svg.count("<circle") == 10


def test_one_process_has_dashes_with_reasons_and_no_drawing(view_with):
    found = section(view_with(simulated.timing(0, "few processes")))
    shown = cells(found)
    assert "no interval" in shown["Latency p50"].note
    assert shown["Between processes"].text == "\N{EM DASH}"
    assert "launches = 5" in shown["Between processes"].note
    assert shown["Flags"].text == "1"
    assert not [b for b in found.blocks if isinstance(b, Figure)]


def test_flags_are_told_with_figure_and_advice_and_rows_that_say_the_same_together(view_with):
    drifting = simulated.timing(1, "drift")
    found = section(view_with(drifting, drifting, mismatches=("It ran bf16, not fp32.",)))
    (items,) = [b for b in found.blocks if isinstance(b, Items)]
    said = [repr(i) for i in items.items]
    assert len(said) == 2
    assert "drift" in said[0]
    assert "torch-fp32 and onnx-onnxruntime-fp32: latency moved by +1" in said[0]
    assert "Raise warmup" in said[0]
    assert "It ran bf16, not fp32." in said[1]


def test_the_main_table_names_the_flags_and_what_was_not_as_asked(view_with):
    view = view_with(simulated.timing(1, "drift"), mismatches=("It ran bf16, not fp32.",))
    text = words(variants(view))
    assert "It ran bf16, not fp32. Flags on its latency: drift." in text
    calm = words(variants(view_with(simulated.timing(1, "few processes"))))
    assert "Flags on its latency" not in calm


def test_the_pollers_effect_is_printed(view_with):
    on = simulated.timing(0).launches[0].end_to_end_ns
    poller = PollerEffect(on_ns=on, off_ns=on, read_ns=(45_000,) * 9)
    timing = simulated.timing(1).model_copy(update={"poller": poller})
    said = [b for b in section(view_with(timing)).blocks if isinstance(b, Prose)][-1].text
    assert "changed the median of torch-fp32 by 0.00 % (" in said
    assert said.endswith("45 us a reading.")


def test_why_it_stopped_is_said_and_counted_where_processes_differ(view_with):
    timing = simulated.timing(0)
    first = timing.launches[0].model_copy(update={"stopped": "time limit"})
    mixed = timing.model_copy(update={"launches": (first, *timing.launches[1:])})
    assert cells(section(view_with(mixed)))["Stopped"].text == "1 time limit and 2 iterations"


def test_energy_is_a_column_where_it_was_read(view_with):
    launches = [
        x.model_copy(update={"energy_j": {"gpu": 250.0}}) for x in simulated.timing(0).launches
    ]
    timing = simulated.timing(0).model_copy(update={"launches": tuple(launches)})
    assert cells(section(view_with(timing)))["Energy"].text == "2.5"


def test_a_server_and_a_camera_get_tables_of_their_own(view_with):
    server = simulated.streamed(
        "server", *(simulated.server(s, 0.8, deadline_ms=30) for s in (0, 1))
    )
    camera = simulated.streamed("constant_stream", simulated.camera(400, 10, 14))
    found = section(view_with(server, camera))
    under, aged = cells(found, at=1), cells(found, at=2)
    assert " to " in under["p50 under load"].detail
    assert under["p99 under load"].text != "\N{EM DASH}"
    assert aged["Missed deadlines"].text == "100.0"
    assert 20 < float(aged["Dropped frames"].text) < 40
    text = words(found)
    assert "Asked: 80 a second, deadline 30.0 ms; 300 arrivals a process or more." in text
    assert "overload" in text


def test_without_a_timing_there_is_no_section(view_of):
    assert section(view_of(Planned(status="skipped", reason="no"))) is None
