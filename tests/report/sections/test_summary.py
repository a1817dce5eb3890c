from __future__ import annotations

from bench.report.sections.summary import section
from tests.builders import Planned
from tests.report.conftest import words


def test_a_group_of_one_form_is_no_choice_where_there_are_others(view_of):
    alone = Planned(latency_ms=9.0, target="cpu-1-thread")
    text = words(section(view_of(Planned(), Planned("torch-bf16", latency_ms=10.0), alone)))
    assert "on cpu: take" in text
    assert "on cpu-1-thread: take" not in text
    assert "no other variant can be compared" in words(section(view_of(alone)))
