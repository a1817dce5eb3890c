"""`segbench gate`: a run against a baseline; exit 1 when something got worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bench.gate.verdict import Judgement
    from bench.record.store import Run


def gate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Run to judge.")],
    baseline: Annotated[
        Path, typer.Option(metavar="DIR", help="Blessed run, or any other run, to compare with.")
    ],
    accept: Annotated[
        bool, typer.Option("--accept", help="Bless DIR as the new baseline; needs --because.")
    ] = False,
    because: Annotated[
        str, typer.Option(metavar="TEXT", help="Why the new numbers are right; kept beside them.")
    ] = "",
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List the unchanged verdicts as well.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON, with a schema number.")] = False,
) -> None:
    """Compare a run with a baseline; exit 1 on a regression, 4 when nothing was compared."""
    from bench.errors import BadInput, NothingMeasured
    from bench.gate.bless import bless, recover
    from bench.gate.judge import judge
    from bench.record.store import read_run

    if because and not accept:
        raise BadInput("--because was given without --accept.", "Nothing is blessed without it.")
    if accept and not because.strip():
        raise BadInput("--accept was given without a reason.", 'Add: --because "..."')
    run = read_run(folder)
    recover(baseline)
    first = accept and not (baseline / "run.json").is_file()
    found = None if first else judge(run, _baseline(baseline))
    blessing = bless(run, baseline, because, found.blocking if found else ()) if accept else None
    if json:
        _print_json(
            folder, baseline, found, blessing.model_dump(by_alias=True) if blessing else None
        )
    else:
        _print(found, verbose=verbose)
        if blessing:
            overruled = len(blessing.accepted)
            print(
                f"Blessed by {blessing.who}: {folder} is now {baseline}, {blessing.measured} cases, "
                f"{overruled} blocking verdicts overruled. Because: {blessing.because}"
            )
    if blessing or found is None:
        return
    if found.outcome == "nothing measured":
        raise NothingMeasured(
            f"Nothing in {folder} could be compared with {baseline}, and that never passes.",
            "Measure the same suite on the same machine, or bless a new baseline with --accept.",
        )
    if found.outcome == "closed":
        raise typer.Exit(1)


def _baseline(folder: Path) -> Run:
    from bench.errors import RecordError
    from bench.record.store import read_run

    if not (folder / "run.json").is_file():
        raise RecordError(
            f"{folder} holds no baseline (no run.json).",
            f'Make one: segbench gate DIR --baseline {folder} --accept --because "the first"',
        )
    return read_run(folder)


def _print(found: Judgement | None, *, verbose: bool) -> None:
    if found is None:
        return
    from rich.console import Console

    from bench.gate.text import lines

    console = Console(highlight=False, soft_wrap=True)
    for line in lines(found, verbose=verbose):
        console.print(line)


def _print_json(
    folder: Path, baseline: Path, found: Judgement | None, blessing: dict[str, object] | None
) -> None:
    import json

    from bench.gate.verdict import SCHEMA

    report: dict[str, object] = {"schema": SCHEMA, "run": str(folder), "baseline": str(baseline)}
    if found:
        report |= {"outcome": found.outcome, "sentence": found.sentence, "counts": found.counts}
        report |= found.model_dump(mode="json")
    else:
        report |= {"outcome": "blessed", "verdicts": []}
    print(json.dumps({**report, "blessing": blessing}, indent=1, ensure_ascii=False))
