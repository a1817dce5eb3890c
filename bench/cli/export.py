"""`segbench export`: makes an artifact and nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import AllowCode, Roots, pairs


def export(
    model: Annotated[str, typer.Argument(help="A model's name (segbench list models).")],
    variant: Annotated[str, typer.Option("--variant", help="A variant with a recipe.")],
    out: Annotated[Path, typer.Option("--out", help="New or empty folder for the files.")],
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
    from bench.cli.watch import Watch
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
    setting = Setting(run=out.resolve(), cache=resources.cache_dir(), allow_code=allow_code)
    with Watch(1) as watch:
        files = make(case, setting, watch)
    for path in files:
        print(path)
