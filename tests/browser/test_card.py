"""The card in headless Chromium: nothing leaves the file, everything is to be seen."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from bench.report.card import write_card
from tests.builders import build_run
from tests.report.conftest import MORE

pytestmark = pytest.mark.browser
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
)
CONTRAST = """() => {
  const rgb = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = c => { const v = c.slice(0, 3).map(x => { x /= 255;
    return x <= .03928 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4; });
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
  const behind = e => { let stack = [];
    for (let n = e; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor);
      const a = c.length > 3 ? c[3] : 1; if (a > 0) stack.push([c, a]); if (a === 1) break; }
    let out = [255, 255, 255];
    for (const [c, a] of stack.reverse()) out = out.map((v, i) => v * (1 - a) + c[i] * a);
    return out; };
  const worst = [];
  for (const e of document.querySelectorAll("p,li,td,th,dt,dd,small,a,code,h1,h2,h3,span,svg text")) {
    if (!e.textContent.trim() || !e.getClientRects().length || e.closest(".skip")) continue;
    const style = getComputedStyle(e);
    const ink = rgb(e.closest("svg") ? style.fill : style.color);
    const [a, b] = [lum(ink), lum(behind(e))].sort((x, y) => y - x);
    worst.push([(a + .05) / (b + .05), e.className.baseVal ?? e.className, e.textContent.slice(0, 40)]);
  }
  return worst.sort((x, y) => x[0] - y[0])[0];
}"""
OVERLAPS = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg.chart")) {
    const boxes = [...svg.querySelectorAll("text.label")].map(t => [t.getBBox(), t.textContent]);
    for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i][0], boxes[j][0]];
      if (a.x < b.x + b.width && b.x < a.x + a.width && a.y + 3 < b.y + b.height - 1
          && b.y + 3 < a.y + a.height - 1) found.push([boxes[i][1], boxes[j][1]]);
    }
    const frame = svg.viewBox.baseVal;
    for (const [box, words] of boxes)
      if (box.x < -1 || box.x + box.width > frame.width + 1) found.push(["outside", words]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """Path of a card with everything on it."""
    return write_card(build_run(tmp_path_factory.mktemp("run"), MORE).folder)


@pytest.fixture(scope="module")
def chromium():
    """A running browser."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not path:
        pytest.fail("There is no Chromium: apt-get install chromium, or set CHROMIUM to its path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def open_card(chromium, card):
    """Function: options of a browser context -> page; fails on any message or foreign request."""
    messages, requests, contexts = [], [], []

    def go(path=None, media="screen", **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: messages.append(m.text))
        page.on("pageerror", lambda e: messages.append(str(e)))
        page.on("request", lambda r: requests.append(r.url))
        page.emulate_media(media=media, color_scheme=options.get("color_scheme"))
        page.goto((path or card.html).as_uri())
        page.wait_for_load_state("networkidle")
        return page

    yield go
    for context in contexts:
        context.close()
    assert messages == []
    foreign = [u for u in requests if not u.startswith("data:") and not u.endswith("card.html")]
    assert foreign == []


def test_plots_and_pictures_are_there_to_be_seen(open_card):
    page = open_card(viewport={"width": 1200, "height": 900})
    for selector, least in (("svg.chart", 2), (".gallery img", 8), ("table", 5)):
        boxes = [e.bounding_box() for e in page.query_selector_all(selector)]
        assert len(boxes) >= least
        assert all(b["width"] > 100 and b["height"] > 40 for b in boxes)
    loaded = page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert loaded
    assert page.evaluate(OVERLAPS) == []


def test_the_main_table_fits_a_desktop_without_scrolling(open_card):
    page = open_card(viewport={"width": 1280, "height": 900})
    wide = page.evaluate(
        "[...document.querySelectorAll('#variants .scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    assert wide == 0


def test_a_phone_scrolls_tables_and_never_the_page(open_card):
    page = open_card(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    moved = page.evaluate(
        "() => { const s = document.querySelector('#variants .scroll'); s.scrollLeft = 200;"
        " const head = s.querySelector('tbody th').getBoundingClientRect();"
        " return [s.scrollLeft, head.left - s.getBoundingClientRect().left]; }"
    )
    assert moved[0] == 200
    assert abs(moved[1]) < 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_from_what_is_behind_them(open_card, scheme):
    page = open_card(viewport={"width": 1200, "height": 900}, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(16, 19, 20)") == (scheme == "dark")
    ratio, where, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, (ratio, where, words)


def test_paper_is_white_and_loses_nothing(open_card):
    page = open_card(viewport={"width": 718, "height": 1000}, media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    clipped = page.evaluate(
        "[...document.querySelectorAll('table')]"
        ".filter(t => t.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert clipped == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_every_part_can_be_reached_from_the_top(open_card):
    page = open_card(viewport={"width": 1200, "height": 900})
    targets = page.evaluate("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash)")
    assert len(targets) > 8
    assert page.evaluate("t => t.every(h => document.querySelector(h))", targets)


def test_drawings_beside_the_markdown_card_open_alone(chromium, card):
    drawings = [p for p in card.others if p.suffix == ".svg"]
    assert drawings
    page = chromium.new_page(color_scheme="dark")
    for path in drawings:
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.getBoundingClientRect().width") > 400
        ink = page.evaluate("getComputedStyle(document.querySelector('text.title')).fill")
        assert ink == "rgb(188, 196, 193)"
    page.close()
