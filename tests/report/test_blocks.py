from __future__ import annotations

from bench.report.blocks import Cell, Column, Table


def test_a_note_is_said_once_and_keeps_its_number():
    cells = [Cell("1", note=note) for note in ("a", "b", "a", "")]
    table = Table("t", (Column("c"),), tuple((c,) for c in cells))
    assert table.notes == ("a", "b")
    assert [table.mark(c) for c in cells] == ["1", "2", "1", ""]
