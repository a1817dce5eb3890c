"""`segbench export`: makes an artifact and nothing else, or says what becomes of it on the way."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import AllowCode, Roots, pairs


def export(
    model: Annotated[str, typer.Argument(help="A model's name (segbench list models).")],
    variant: Annotated[str, typer.Option("--variant", help="A variant with a recipe.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="New or empty folder for the files.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Print the export paths that were tried; call the artifact with another image, batch and "
            "shape beside the model itself. Exit code 1 if an answer is wrong.",
        ),
    ] = False,
    dataset: Annotated[
        str, typer.Option("--dataset", help="Data set that gives calibration images and size.")
    ] = "scenes",
    root: Roots = None,
    weights: Annotated[
        str | None, typer.Option("--weights", help="A folder, `hub` or `seed`.")
    ] = None,
    height: Annotated[int | None, typer.Option("--height", min=1, help="Input height.")] = None,
    width: Annotated[int | None, typer.Option("--width", min=1, help="Input width.")] = None,
    allow_code: AllowCode = False,
) -> None:
    """Make one variant's artifact: the files that a run would measure."""
    from bench import resources
    from bench.cli.examined import tables
    from bench.cli.watch import Watch
    from bench.errors import BadInput, CaseFailed, Unsupported
    from bench.plan.examine import examine
    from bench.plan.export import export as make
    from bench.plan.setting import Setting
    from bench.suite.choose import single_case

    case = single_case(
        model,
        variant,
        dataset,
        roots=pairs(root, "--root"),
        weights={model: weights} if weights else {},
        protocol={"height": height, "width": width},
    )
    if out is None and not check:
        raise BadInput("There is neither --out nor --check.", "Name a new folder: --out DIR")
    run = (out or Path()).resolve()
    setting = Setting(run=run, cache=resources.cache_dir(), allow_code=allow_code)
    row = None
    if check:
        with Watch(1) as watch:
            row = examine(case, setting, watch)
        print("\n".join(tables(row)))
        if row.status == "skipped":
            raise Unsupported(row.reason)
        if row.status == "failed":
            raise CaseFailed(f"{case.id}: {row.reason}")
    if out is not None:
        with Watch(1) as watch:
            files = make(case, setting, watch)
        for path in files:
            print(path)
    if row is not None and row.status == "wrong":
        raise typer.Exit(1)
