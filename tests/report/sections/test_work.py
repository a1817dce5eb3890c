from __future__ import annotations

import pytest

from bench.metrics.base import Row
from bench.report.blocks import Table
from bench.report.sections import roofline, work
from bench.report.view import View
from tests import measured
from tests.builders import Planned
from tests.report.conftest import words


def tables(section):
    return [b for b in section.blocks if isinstance(b, Table)]


def changed(view, *kinds, add=()):
    """The view, without measurements of some kinds and with others, in every row."""
    rows = []
    for row in view.rows:
        kept = tuple(m for m in row.result.measurements if m.kind not in kinds)
        result = row.result.model_copy(update={"measurements": (*kept, *add)})
        rows.append(Row(result, row.metrics, row.by_class))
    return View(view.run, tuple(rows))


def test_each_part_has_its_counts_and_the_share_of_time_of_the_torch_forms(view):
    table = tables(work.section(view))[0]
    assert [c.title for c in table.columns] == [
        "Part", "Parameters", "MACs", "Bytes moved", "Time, torch-fp32", "Time, torch-bf16",
    ]  # fmt: skip
    assert [[c.text for c in row] for row in table.rows] == [
        ["backbone, stage1", "600\u202f000", "0.900", "90.0 MB", "66.7", "66.7"],
        ["heads", "200\u202f000", "0.100", "110.0 MB", "33.3", "33.3"],
        ["whole", "800\u202f000", "1.00", "200.0 MB", "100.0", "100.0"],
    ]
    assert "by hooks over 6 calls; the instruments changed the time of a call by +2.00 %" in words(
        table
    )


def test_a_model_is_shown_once_and_its_other_sizes_in_a_line(view_of):
    found = view_of(Planned(), Planned(target="cpu-1-thread"))
    assert len(tables(work.section(found))) == 1
    twice = measured.work().model_copy(
        update={"batch_size": 2, "parts": tuple(
            p.model_copy(update={"macs": 2 * p.macs}) for p in measured.work().parts
        )}
    )  # fmt: skip
    other = changed(View(found.run, found.rows[1:]), "work", "components", add=(twice,))
    both = View(found.run, (found.rows[0], *other.rows))
    text = words(work.section(both))
    assert "Other sizes of this run, 10^9 MACs a call: 2.00 for 2 images of 32 x 64." in text


def test_nodes_that_no_part_can_be_named_for_have_a_row_of_their_own(view_of):
    parts = {"backbone.stage1": (60,), "unnamed": (40,)}
    timed = measured.components(1.0).model_copy(
        update={"parts_ns": parts, "whole_ns": (100,), "plain_ns": (90,), "how": "profiler"}
    )
    view = changed(view_of(Planned()), "components", add=(timed,))
    rows = {r[0].text: r for r in tables(work.section(view))[0].rows}
    assert rows["unnamed"][4].text == "40.0"
    assert rows["heads"][4].note == "no time was charged to this part"


def test_operators_without_a_rule_are_said(view):
    gap = measured.work().model_copy(update={"uncounted": {"_fft_r2c": 2}})
    assert "are missing: _fft_r2c (2 x)." in words(work.section(changed(view, "work", add=(gap,))))


@pytest.mark.parametrize("section", [work.section, roofline.section])
def test_without_a_count_there_is_no_section(view, section):
    assert section(changed(view, "work", "components")) is None
