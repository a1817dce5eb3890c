from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bench.errors import RecordError
from bench.report.card import render_card, stale_files, write_card
from tests.builders import Planned, build_run
from tests.report.conftest import MORE

GOLDEN = Path(__file__).parents[1] / "data" / "card"
PICTURE = re.compile(r"(data:image/(?:png|jpeg);base64,)[A-Za-z0-9+/=]+")
NAME = re.compile(r"card/[0-9a-f]{16}\.(png|jpg)")


def comparable(content):
    """Text without pictures: what a compressor makes of the same pixels may change."""
    return NAME.sub(r"card/PICTURE.\1", PICTURE.sub(r"\1...", content.decode()))


@pytest.mark.parametrize("name", ["card.md", "card.html", "card.hub.yaml"])
def test_the_card_is_the_committed_one(run, name):
    """Renew with: SEGBENCH_RENEW=1 pytest tests/report/test_card.py."""
    made = comparable(render_card(run.folder)[name])
    if os.environ.get("SEGBENCH_RENEW"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(made)
    assert made == (GOLDEN / name).read_text()


def test_the_same_record_gives_the_same_bytes_anywhere(run, tmp_path):
    again = build_run(tmp_path / "elsewhere", MORE, plan=run.info.plan)
    assert render_card(again.folder) == render_card(run.folder)


def test_a_fresh_card_is_up_to_date_and_a_touched_one_is_not(tmp_path):
    run = build_run(tmp_path, panels=1)
    paths = write_card(run.folder)
    assert stale_files(run.folder) == ()
    paths.markdown.write_text(paths.markdown.read_text().replace("%", "percent"))
    (tmp_path / "card" / "old.svg").write_text("<svg/>")
    paths.others[0].unlink()
    assert set(stale_files(run.folder)) == {
        "card.md",
        "card/old.svg",
        paths.others[0].relative_to(tmp_path).as_posix(),
    }
    write_card(run.folder)
    assert stale_files(run.folder) == ()


def test_a_card_elsewhere_leads_back_to_the_records(tmp_path):
    run = build_run(tmp_path / "runs" / "a", (Planned(),))
    paths = write_card(run.folder, tmp_path / "cards")
    found = re.findall(r'href="([^"#]*\.json)"', paths.html.read_text())
    assert found
    assert all((tmp_path / "cards" / f).resolve().is_file() for f in found)


def test_every_case_is_on_the_card_whatever_became_of_it(run):
    text = render_card(run.folder)["card.md"].decode()
    for row in MORE:
        assert row.reason in text
        assert row.case.id.replace("/", "__") in text
    assert "later" in text


def test_hostile_records_give_a_harmless_card(tmp_path):
    bad = "</style></script><script>alert(1)</script><img src=http://evil.example/x>"
    rows = (
        Planned(model=bad.replace("/", ""), about=bad),
        Planned("torch-bf16", status="failed", reason=bad),
    )
    files = render_card(build_run(tmp_path, rows, title=bad, about=bad).folder)
    assert not re.search(rb"<script|<img src=.?http", files["card.html"])
    assert not re.search(rb"<script|<img|\]\(http", files["card.md"].split(b"---\n", 2)[2])


def test_a_picture_outside_the_record_is_not_shown(tmp_path):
    run = build_run(tmp_path / "run", (Planned(),), panels=1)
    path = next((run.folder / "cases").glob("*.json"))
    name = run.results[0].get("gallery").panels[0].input
    (tmp_path / "secret.jpg").write_bytes((run.folder / "media" / name).read_bytes())
    path.write_text(path.read_text().replace(name, "../../secret.jpg"))
    text = render_card(run.folder)["card.md"].decode()
    assert "can't be shown" in text
    assert "outside its folder" in text


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(RecordError, match="holds no run"):
        render_card(tmp_path)
