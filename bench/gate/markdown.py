"""A judgement as Markdown: a heading, a table and the notes, for a pull request or a job's summary."""

from collections.abc import Iterable, Iterator

from bench.gate.text import folded, parted, strangers, unchanged
from bench.gate.verdict import Judgement, Verdict

HEAD = "| case | metric | verdict | baseline -> now | why |\n| --- | --- | --- | --- | --- |"
MOST = 100
"""Rows of a table: GitHub takes 65,536 characters in a comment."""


def markdown(judgement: Judgement, about: Iterable[str] = ()) -> str:
    """Markdown text with one trailing newline; `about` are sentences on run and baseline."""
    return "\n\n".join(_blocks(judgement, about)) + "\n"


def _blocks(judgement: Judgement, about: Iterable[str]) -> Iterator[str]:
    loud, quiet = parted(judgement)
    yield f"### segbench gate: {judgement.outcome}"
    yield _words(judgement.sentence)
    yield from (_words(line) for line in about)
    shown = [*(v for v in loud if v.blocks), *folded(v for v in loud if not v.blocks)]
    if shown:
        yield _table(shown)
    if quiet:
        summary = f"<summary>{unchanged(quiet)}</summary>"
        yield f"<details>{summary}\n\n{_table(quiet)}\n\n</details>"
    rest = [strangers(judgement)] if judgement.new else []
    if rest := [*rest, *judgement.notes]:
        yield "\n".join(f"- {_words(line)}" for line in rest)


def _table(verdicts: list[Verdict]) -> str:
    rows = [_row(v) for v in verdicts[:MOST]]
    left = len(verdicts) - len(rows)
    more = f"\n\nand {left} more; --json has them all." if left else ""
    return "\n".join([HEAD, *rows]) + more


def _row(v: Verdict) -> str:
    kind = f"**{v.kind}**" if v.blocks else v.kind
    cells = (f"`{v.case}`", _words(v.label), kind)
    return "| " + " | ".join((*cells, _words(v.values), _words(v.why))) + " |"


def _words(text: str) -> str:
    """Text on one line in which nothing means anything to Markdown, HTML or GitHub."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    for mark in "\\`*_[]|#":
        text = text.replace(mark, f"\\{mark}")
    # No mention of a person or team by what a message happens to hold.
    return text.replace("@", "@\u200b")
