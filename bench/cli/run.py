"""`segbench run`: measures a suite."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.options import AllowCode, Only, Roots, Suite, pairs

Pairs = list[str] | None


def run(
    suite: Suite,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the run.  [default: runs/SUITE]")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="WHAT",
            help="Measure another model in the suite's place: a name, an ONNX file, a folder with "
            "config.json and safetensors, or ORGANISATION/NAME on the hub.",
        ),
    ] = None,
    root: Roots = None,
    weights: Annotated[
        Pairs,
        typer.Option(
            "--weights",
            metavar="MODEL=WHAT",
            help="A folder, `hub`, or `seed` (untrained: no accuracy, but latency and size).",
        ),
    ] = None,
    dataset: Annotated[
        Pairs,
        typer.Option("--dataset", metavar="OLD=NEW", help="Use another data set in the suite."),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Run all blocks on this target.")
    ] = None,
    only: Only = None,
    allow_code: AllowCode = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Measure again what stands already.")
    ] = False,
    executor: Annotated[
        str, typer.Option("--executor", help="Where cases run: `local`, or `ray` (a cluster).")
    ] = "local",
    address: Annotated[
        str | None, typer.Option("--address", metavar="HOST:PORT", help="Head of the Ray cluster.")
    ] = None,
    shards: Annotated[
        int | None, typer.Option("--shards", min=1, max=10_000, help="Parts of each accuracy pass.")
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Print the cases, and which are skipped here.")
    ] = False,
) -> None:
    """Measure a suite; go on where an earlier run stopped; end with a table and a card."""
    from bench import resources
    from bench.cli.model import with_model
    from bench.cli.watch import Watch, finish, print_plan
    from bench.live.calibrated import attach
    from bench.plan import select
    from bench.plan.run import measure
    from bench.plan.setting import Setting
    from bench.suite.load import load_suite

    given = pairs(weights, "--weights")
    asked = load_suite(
        suite,
        roots=pairs(root, "--root"),
        weights={} if model else given,
        datasets=pairs(dataset, "--dataset"),
        target=target,
    )
    if model:
        asked = with_model(asked, model, given)
    cases = select.select(asked.expand(), only)
    if shards is not None:
        cases = tuple(case.asking(shards=shards) for case in cases)
    if list_only:
        print_plan(cases, executor)
        return
    folder = (out or Path("runs") / asked.name).resolve()
    setting = Setting(
        run=folder,
        cache=resources.cache_dir(),
        allow_code=allow_code,
        fresh=fresh,
        executor=executor,
        address=address,
    )
    with Watch(len(cases)) as watch:
        results = measure(asked, cases, setting, watch)
    attach(folder, asked.gate.pairs)
    code = finish(folder, results, stood=watch.stood)
    if code:
        raise typer.Exit(code)
