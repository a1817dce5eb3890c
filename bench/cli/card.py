"""`segbench card`: record -> card."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import Run


def card(
    folder: Run,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the card; else into DIR.")
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the card isn't up to date.")
    ] = False,
) -> None:
    """Write card.md, card.html and the hub's metadata, from the record alone."""
    from bench.report.card import stale_files, write_card

    if not check:
        print(write_card(folder, out).html)
        return
    stale = stale_files(folder, out)
    for name in stale:
        print(f"{(out or folder) / name} differs from the record.")
    if stale:
        typer.echo("Renew the card with: segbench card DIR", err=True)
        raise typer.Exit(1)
