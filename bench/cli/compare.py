"""`segbench compare`: two runs side by side, with paired intervals, and no verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.gate.comparison import CaseChange, Change


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Folder of a run.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Folder of the run to set beside it.")],
    json: Json = False,
) -> None:
    """Two runs, case by case: paired differences, ratios, and the protocol fields that differ."""
    from bench.errors import NothingMeasured
    from bench.gate.comparison import SCHEMA
    from bench.gate.comparison import compare as side_by_side
    from bench.record.store import read_run

    found = side_by_side(read_run(a), read_run(b))
    if json:
        cases = [c.model_dump(mode="json") for c in found]
        print_json({"schema": SCHEMA, "a": str(a), "b": str(b), "cases": cases})
    else:
        from rich.console import Console

        console = Console(highlight=False, soft_wrap=True)
        for line in _lines(found, str(a), str(b)):
            console.print(line)
    if not any(c.changes for c in found):
        raise NothingMeasured(
            f"{a} and {b} have no measured case in common.", "Cases are matched by their id."
        )


def _lines(cases: tuple[CaseChange, ...], a: str, b: str) -> Iterator[str]:
    from rich.markup import escape

    yield f"[bold]A[/] = {escape(a)}"
    yield f"[bold]B[/] = {escape(b)}"
    for case in cases:
        first, second = (s or "not there" for s in case.status)
        status = first if first == second else f"{first} -> {second}"
        yield f"\n[bold]{escape(case.case)}[/] ({status})"
        yield from (f"  {escape(reason)}" for reason in dict.fromkeys(case.reason) if reason)
        yield from (f"  {escape(_line(change))}" for change in case.changes)
        if case.setting:
            yield f"  [dim]also differs: {escape(_fields(case.setting))}[/]"


def _line(change: Change) -> str:
    from bench.metrics.catalog import info

    about = info(change.metric)
    said = f"{about.label:<15} {about.text(change.a)} -> {about.text(change.b)}"
    if change.fields:
        return f"{said}, not compared: {_fields(change.fields)}"
    if change.value is None:
        return f"{said}, {change.note}" if change.note else said
    points = change.kind == "difference"
    write = (lambda e: f"{100 * e:+.2f}") if points else "{:.3g}".format
    said += f", {write(change.value)} {'points' if points else 'times'}"
    if change.low is not None and change.high is not None:
        said += f" [{write(change.low)}, {write(change.high)}]"
    return f"{said} ({change.note})" if change.note else said


def _fields(fields: dict[str, tuple[object, object]]) -> str:
    from bench.gate.comparable import named

    return named(fields)
