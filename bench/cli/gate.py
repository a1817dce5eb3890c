"""`segbench gate`: a run against a baseline; exit 1 when something got worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import AllowCode, Json, Only

if TYPE_CHECKING:
    from bench.gate.session import Session
    from bench.record.store import Run


def gate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Run to judge.")],
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Folder of a blessed run, or of any other, or a name in suites/baselines.",
        ),
    ] = None,
    live: Annotated[
        str | None,
        typer.Option(
            metavar="BASE",
            help="First measure live pairs with BASE, a run folder or a git revision, into DIR/pairs.",
        ),
    ] = None,
    pairs: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Live pairs of a case.  [default: the policy's]"),
    ] = None,
    only: Only = None,
    metric: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only metrics whose name matches: 'iou.*'.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Bless DIR as the new baseline; needs --because.")
    ] = False,
    because: Annotated[
        str, typer.Option(metavar="TEXT", help="Why the new numbers are right; kept beside them.")
    ] = "",
    markdown: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a table in Markdown, too; - is standard output."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, too.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="List the unchanged verdicts as well.")
    ] = False,
    json: Json = False,
    allow_code: AllowCode = False,
) -> None:
    """Compare a run with a baseline; exit 1 on a regression, 4 when nothing was compared."""
    from bench.cli.verdicts import Outputs, refuse
    from bench.errors import NothingMeasured
    from bench.gate.baselines import find, read_baseline, run_folder, standing
    from bench.gate.bless import bless, read_blessing
    from bench.gate.judge import check_patterns, judge
    from bench.record.store import read_run

    refuse(
        baseline=baseline, live=live, pairs=pairs, accept=accept, because=because,
        narrowed=bool(only or metric), both=json and markdown == "-",
        files=(markdown, junit),
    )  # fmt: skip
    run = read_run(folder)
    base = find(baseline, new=accept) if baseline else run_folder(live)
    first = accept and base is not None and not (standing(base) / "run.json").is_file()
    old = read_baseline(base) if base is not None and not first else None
    # All that the caller may have got wrong comes before the minutes of measuring.
    check_patterns([r for r in (old, run) if r], only or "*", metric or "*")
    session = None
    if live:
        session = _live(run, live, old, only=only, pairs=pairs, allow_code=allow_code)
    found = None
    if not first:
        found = judge(run, old, only=only or "*", metric=metric or "*", session=session)
    before = read_blessing(old.folder) if old else None
    outputs = Outputs(folder, str(base or live), before, verbose=verbose, json=json)
    blessing = None
    if accept and base is not None:
        blessing = bless(run, base, because, found.blocking if found else ())
    outputs.show(found, blessing, markdown, junit)
    if blessing or found is None:
        return
    if found.outcome == "nothing measured":
        raise NothingMeasured(
            f"Nothing in {folder} could be compared with {base or live}, and that never passes.",
            "Measure live pairs of the run's own cases: --live BASE"
            if live
            else "Measure the same suite on the same machine, or bless a new baseline with --accept.",
        )
    if found.outcome == "closed":
        raise typer.Exit(1)


def _live(
    run: Run, base: str, old: Run | None, *, only: str | None, pairs: int | None, allow_code: bool
) -> Session:
    """Live pairs, measured now under the policy that will judge them."""
    from bench.gate.baselines import run_folder
    from bench.gate.session import asked
    from bench.live.compare import measure
    from bench.record.store import read_run

    folder = run_folder(base)
    name = str(folder) if folder else base
    policy = old.info.gate if old else None
    measured = measure(
        run.folder, name, only=only, pairs=pairs, allow_code=allow_code, policy=policy
    )
    return asked(run, name, measured, read_run(folder) if folder else None)
