from __future__ import annotations

from bench.report import view as views
from bench.report.card import render_card
from bench.report.view import shown
from tests.builders import Planned, build_run


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


def test_a_variant_is_called_by_its_slug(view):
    group = view.groups[0]
    assert [r.names.variant for r in group.rows] == [r.id.split("/")[1] for r in group.rows]
    assert len({r.names.variant for r in group.rows}) == len(group.rows)


def test_a_very_long_run_shows_its_first_whole_groups_and_says_so(tmp_path, monkeypatch):
    planned = (Planned(), Planned("torch-bf16"), Planned(target="one"), Planned(target="two"))
    run = build_run(tmp_path, planned, plan=(*(p.case.id for p in planned), "one/more/case"))
    monkeypatch.setattr(views, "MOST", 1)
    assert shown(run).ids == tuple(p.case.id for p in planned[:2])
    card = render_card(tmp_path)["card.md"].decode()
    assert "This card shows 2 of 4 cases" in card
    assert "Of 5 cases: 1 not yet measured" in card
    assert "micro on one" not in card
    monkeypatch.setattr(views, "MOST", 400)
    assert shown(run) is run
    assert "This card shows" not in render_card(tmp_path)["card.md"].decode()
