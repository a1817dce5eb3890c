"""A judgement as lines for a terminal: one a verdict, the unchanged ones folded into a count."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.markup import escape

from bench.gate.verdict import Judgement, Verdict
from bench.metrics.catalog import BY_CLASS
from bench.suite.policy import class_of

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
    loud, quiet = parted(judgement)
    yield from _part("Blocks", [v for v in loud if v.blocks])
    informs = [v for v in loud if not v.blocks]
    yield from _part("Informs", informs if verbose else folded(informs))
    if verbose:
        yield from _part("Unchanged", quiet)
    elif quiet:
        yield f"[dim]{unchanged(quiet)} (--verbose lists them).[/]"
    if judgement.new:
        yield escape(strangers(judgement))
    yield from (escape(note) for note in judgement.notes)
    colour = "green" if judgement.outcome == "open" else "red"
    yield f"[bold {colour}]{escape(judgement.sentence)}[/]"


def parted(judgement: Judgement) -> tuple[list[Verdict], list[Verdict]]:
    """Verdicts that a reader has to see, and the unchanged ones."""
    loud = [v for v in judgement.verdicts if v.kind != "unchanged" or v.blocks]
    return loud, [v for v in judgement.verdicts if v.kind == "unchanged" and not v.blocks]


def folded(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """The verdicts, with the undecided classes of a case as one: rare classes seldom tell."""
    out: list[Verdict] = []
    for (case, vague), members in groupby(verdicts, key=lambda v: (v.case, _vague(v))):
        group = list(members)
        if not vague or len(group) == 1:
            out += group
            continue
        why = ", ".join(class_of(v.metric) for v in group)
        if known := [v.smallest for v in group if v.smallest is not None]:
            ends = f"{100 * min(known):.2g} to {100 * max(known):.2g}"
            why += f": a drop under {ends} points could not have been seen"
        kind = group[0].metric.partition(".")[0]
        metric = f"{BY_CLASS.get(kind, kind)} of {len(group)} classes"
        out.append(Verdict(case=case, metric=metric, kind="undecided", why=why))
    return out


def unchanged(quiet: list[Verdict]) -> str:
    """`25 verdicts in 6 cases are unchanged`."""
    return f"{len(quiet)} verdicts in {len({v.case for v in quiet})} cases are unchanged"


def strangers(judgement: Judgement) -> str:
    """Names of the cases that the baseline doesn't know."""
    return "Not in the baseline, so not guarded until blessed: " + ", ".join(judgement.new)


def _vague(verdict: Verdict) -> bool:
    return verdict.kind == "undecided" and bool(class_of(verdict.metric))


def _part(title: str, verdicts: list[Verdict]) -> Iterator[str]:
    if not verdicts:
        return
    yield f"[bold]{title}[/]"
    for case, members in groupby(verdicts, key=lambda v: v.case):
        yield f"  {escape(case)}"
        for v in members:
            text = f"{v.values}: {v.why}" if v.values else v.why
            # One line a verdict, whatever a runtime's message holds.
            text = " ".join(text.split())
            yield f"    {escape(f'{v.label:<15}')} [{COLOURS[v.kind]}]{v.kind:<12}[/] {escape(text)}"
    yield ""
