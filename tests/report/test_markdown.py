from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.report.blocks import Cell, Code, Column, Output, Prose, Section, Table
from bench.report.markdown import code, escape, render

NASTY = "<script>alert(1)</script> | a\nb [x](http://evil.example) `c` ![i](j) *d* @someone"


def rendered(*blocks):
    return render("T", [Section("s", "S", blocks)], "card")


def test_a_cell_stays_one_cell_whatever_it_says():
    table = Table("c", (Column("a"), Column("b")), ((Cell(NASTY), Cell("x", detail=NASTY)),))
    line = rendered(table).splitlines()[-3]
    assert line.replace("\\|", "").count("|") == 3
    assert "<script" not in line
    assert "![" not in line.replace("\\", "~")


@given(st.text(max_size=80))
def test_escaped_text_has_no_markup_left(words):
    shown = escape(words)
    assert "\n" not in shown
    assert "<" not in shown
    assert ">" not in shown
    plain = shown.replace("\\\\", "")
    for special in "|[]`*_!":
        assert plain.count(special) == plain.count("\\" + special)


@given(st.text("`a|b ", max_size=20))
def test_inline_code_is_fenced_by_more_backticks_than_it_holds(words):
    shown = code(words)
    fence = len(shown) - len(shown.lstrip("`"))
    assert "`" * fence not in " ".join(words.split())


def test_addresses_do_not_become_links_by_themselves():
    assert "http://" not in escape("http://evil.example")
    assert "www." not in escape("www.evil.example")


@pytest.mark.parametrize("words", ["- a", "1. a", "# a", "> a", "+ a", "=== a"])
def test_a_paragraph_stays_a_paragraph(words):
    first = rendered(Prose((words,))).splitlines()[6]
    assert first
    assert not first.startswith(words[:2])


def test_output_can_not_break_out_of_its_fence():
    text = rendered(Output("o", "```\n<script>\n````"))
    assert "`````text" in text


def test_spans_keep_the_spaces_around_them():
    assert "run: `x`, one" in rendered(Prose(("run: ", Code("x"), ", one")))


def test_a_row_with_a_spanning_cell_has_all_its_columns():
    row = (Cell("a"), Cell("gone", span=2))
    table = Table("c", (Column("a"), Column("b"), Column("c")), (row,))
    assert "| a | gone |  |" in rendered(table)
