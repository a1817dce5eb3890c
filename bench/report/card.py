"""A run's folder -> its card: every file as bytes, from the record alone."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench import registry
from bench.metrics.base import Row
from bench.record.store import Run, read_run, write_atomic
from bench.report.blocks import Figure, Gallery, Section
from bench.report.html import render as render_html
from bench.report.html import standalone
from bench.report.hub import eval_results, front_matter, metadata
from bench.report.markdown import figure_name, picture_name
from bench.report.markdown import render as render_markdown
from bench.report.view import View, shown

Derived = tuple[Run, tuple[Row, ...]]

MARKDOWN, HTML, HUB = "card.md", "card.html", "card.hub.yaml"
ASIDE = "card"
"""Folder of the drawings and pictures that card.md shows."""


@dataclass(frozen=True)
class CardPaths:
    """Where a card was written."""

    markdown: Path
    html: Path
    hub: Path
    others: tuple[Path, ...]


def render_card(
    run_folder: Path, out: Path | None = None, derived: Derived | None = None
) -> dict[str, bytes]:
    """Name -> content of every file of a card in `out`; the same bytes for the same record.

    `derived`: the run and its rows, where a caller has them.
    """
    from bench.metrics.rows import rows

    run, found = derived or (read_run(run_folder), None)
    part = shown(run)
    if found is None or part is not run:
        found = rows(part)
    cases, folder = (p.resolve() for p in (run_folder / "cases", out or run_folder))
    view = View(run, found, Path(os.path.relpath(cases, folder)).as_posix())
    made = (registry.load("section", name)(view) for name in registry.entries("section"))
    sections = [s for s in made if s is not None]
    title = run.info.title
    markdown = front_matter(metadata(view)) + render_markdown(title, sections, ASIDE)
    return {
        MARKDOWN: markdown.encode(),
        HTML: render_html(title, run.info.segbench, sections).encode(),
        HUB: eval_results(view).encode(),
        **dict(_aside(sections)),
    }


def write_card(
    run_folder: Path, out: Path | None = None, derived: Derived | None = None
) -> CardPaths:
    """Where the card now lies: in the run's folder unless told.

    Raises:
        RecordError: the folder holds no run that can be read.
    """
    folder = out or run_folder
    files = render_card(run_folder, out, derived)
    for path in _left_over(folder, files):
        path.unlink()
    for name, content in files.items():
        write_atomic(folder / name, content)
    others = tuple(folder / n for n in files if n not in {MARKDOWN, HTML, HUB})
    return CardPaths(folder / MARKDOWN, folder / HTML, folder / HUB, others)


def stale_files(run_folder: Path, out: Path | None = None) -> tuple[str, ...]:
    """Names of the card's files that differ from what the record gives, or are one too many."""
    folder = out or run_folder
    files = render_card(run_folder, out)
    differ = [n for n, content in files.items() if _read(folder / n) != content]
    return (*differ, *(f"{ASIDE}/{p.name}" for p in _left_over(folder, files)))


def _aside(sections: Iterable[Section]) -> Iterable[tuple[str, bytes]]:
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Figure):
                yield figure_name(block, ASIDE), standalone(block).encode()
            elif isinstance(block, Gallery):
                for _, pictures in block.rows:
                    for picture in pictures:
                        yield picture_name(picture, ASIDE), picture.content


def _left_over(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Files of an older card that this one no longer shows."""
    there = sorted(p for p in (folder / ASIDE).glob("*") if p.suffix in {".svg", ".png", ".jpg"})
    return [p for p in there if f"{ASIDE}/{p.name}" not in files]


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
