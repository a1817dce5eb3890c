from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from bench.report.blocks import (
    Cell,
    Code,
    Column,
    Figure,
    Gallery,
    Heading,
    Items,
    KeyValues,
    Link,
    Note,
    Output,
    Picture,
    Prose,
    Section,
    Stat,
    Stats,
    Strong,
    Table,
)
from bench.report.html import render, standalone

BAD = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>"
FIGURE = Figure("f", BAD, BAD, BAD, "<circle/>", 10, 10)
EVERY = (
    Prose((BAD, Code(BAD), Strong(BAD), Link(BAD, "#a"))),
    Note((BAD,)),
    Items((BAD, (BAD,))),
    Stats((Stat(BAD, BAD, BAD),)),
    Table(
        BAD,
        (Column(BAD, BAD), Column(BAD)),
        ((Cell(BAD, BAD, note=BAD), Cell(BAD)),),
        (BAD, (BAD,)),
    ),
    FIGURE,
    Gallery(BAD, ((BAD, (Picture(BAD, BAD, b"x", "image/png", BAD),)),), ((BAD, "#000000"),)),
    KeyValues(BAD, ((BAD, BAD),)),
    Output(BAD, BAD),
    Heading(BAD),
)


class Page(HTMLParser):
    """Tags of a page, each with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("block", EVERY, ids=lambda b: type(b).__name__)
def test_hostile_text_stays_text_in_every_block(block):
    page = Page(render(BAD, BAD, [Section("s", BAD, (block,))]))
    assert "script" not in {t for t, _ in page.tags}
    images = [a for t, a in page.tags if t == "img"]
    assert all(a["src"].startswith("data:image/") for a in images)
    assert not [a for _, a in page.tags if any(k.startswith("on") for k in a)]


def test_the_page_loads_nothing_and_forbids_it():
    text = render("t", "", [Section("s", "S", EVERY)])
    for tag, attributes in Page(text).tags:
        assert tag not in {"script", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "srcset", "action", "data"):
            assert not re.match(r"(?i)\s*(https?:|//|javascript:)", attributes.get(name) or "")
    assert "@import" not in text
    assert "url(" not in text
    policy = next(a for _, a in Page(text).tags if "http-equiv" in a)
    assert policy["content"].startswith("default-src 'none'; img-src data:;")


def test_tables_have_captions_and_scopes_and_pictures_words():
    tags = Page(render("t", "", [Section("s", "S", EVERY)])).tags
    assert "caption" in {t for t, _ in tags}
    assert all(a.get("scope") in {"col", "row"} for t, a in tags if t == "th")
    assert all(a.get("alt") for t, a in tags if t == "img")
    assert all(a.get("role") == "img" for t, a in tags if t == "svg")


def test_a_drawing_stands_alone_with_its_colours():
    text = standalone(FIGURE)
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
