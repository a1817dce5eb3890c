"""A judgement as lines for a terminal: one a verdict, the unchanged ones folded into a count."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.markup import escape

from bench.gate.units import name, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.gate.verdict import Judgement, Verdict

COLOURS = {
    "regressed": "red",
    "missing": "red",
    "incomparable": "yellow",
    "undecided": "yellow",
    "improved": "green",
    "unchanged": "dim",
}


def lines(judgement: Judgement, *, verbose: bool = False) -> Iterator[str]:
    """Lines with rich's markup: what blocks, what informs, what is unchanged, and the outcome."""
    loud = [v for v in judgement.verdicts if v.kind != "unchanged" or v.blocks]
    quiet = [v for v in judgement.verdicts if v.kind == "unchanged" and not v.blocks]
    yield from _part("Blocks", [v for v in loud if v.blocks])
    yield from _part("Informs", [v for v in loud if not v.blocks])
    if verbose:
        yield from _part("Unchanged", quiet)
    elif quiet:
        cases = len({v.case for v in quiet})
        yield f"[dim]{len(quiet)} verdicts in {cases} cases are unchanged (--verbose lists them).[/]"
    if judgement.new:
        yield "Not in the baseline, so not guarded until blessed: " + escape(
            ", ".join(judgement.new)
        )
    yield from (escape(note) for note in judgement.notes)
    colour = "green" if judgement.outcome == "open" else "red"
    yield f"[bold {colour}]{escape(judgement.sentence)}[/]"


def _part(title: str, verdicts: list[Verdict]) -> Iterator[str]:
    if not verdicts:
        return
    yield f"[bold]{title}[/]"
    for case, members in groupby(verdicts, key=lambda v: v.case):
        yield f"  {escape(case)}"
        for v in members:
            was, now = shown(v.metric, v.baseline), shown(v.metric, v.current)
            said = was if was == now else f"{was} -> {now}"
            kind = f"[{COLOURS[v.kind]}]{v.kind:<12}[/]"
            yield f"    {name(v.metric):<15} {kind} {escape(f'{said}: {v.why}')}"
    yield ""
