from __future__ import annotations

from dataclasses import replace

from bench.report.view import Group
from tests.builders import variant


def test_rows_are_grouped_by_what_they_share(view):
    titles = [g.title for g in view.groups]
    assert titles == [
        "micro on cpu, scenes",
        "micro on cpu-1-thread, scenes",
        "micro on cuda, scenes",
        "untrained on cpu, scenes",
    ]
    assert [len(g.rows) for g in view.groups] == [6, 1, 1, 2]
    assert "micro on cuda, scenes" not in [g.title for g in view.measured_groups]


def test_pending_cases_are_those_of_the_plan_without_a_result(view):
    assert view.pending == ("micro/torch-fp32/cpu/later",)


def test_a_row_leads_to_its_raw_record(view, run):
    for row in view.rows:
        assert (run.folder / view.record_href(row.result)).is_file()


def test_two_variants_of_one_label_are_told_apart_by_slug(view):
    row = view.rows[0]
    clash = variant("torch-fp32", format="torch", recipe="a-b")
    spaced = variant("torch-fp32", format="torch", recipe="a b")
    rows = [
        replace(
            row,
            result=row.result.model_copy(
                update={"case": row.result.case.model_copy(update={"variant": v})}
            ),
        )
        for v in (clash, spaced)
    ]
    group = Group(tuple(rows))
    assert [group.label(r) for r in rows] == ["torch-fp32-a-b", "torch-fp32-a b"]
