from __future__ import annotations

from bench.report.blocks import Notes


def test_a_note_is_said_once_and_keeps_its_number():
    notes = Notes()
    assert [notes.mark("a"), notes.mark("b"), notes.mark("a"), notes.mark("")] == [
        "1",
        "2",
        "1",
        "",
    ]
    assert notes.texts == ("a", "b")
