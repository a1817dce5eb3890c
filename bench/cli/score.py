"""`segbench score`: numbers for label maps that some other program wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from bench.measure.labelmaps import Encoding
    from bench.measure.score import Score
    from bench.suite.dataset import Dataset


def score(
    predictions: Annotated[
        Path,
        typer.Argument(help="Folder of predicted label maps, one PNG an image, subfolders too."),
    ],
    dataset: Annotated[str, typer.Option(help="Data set to score against.")],
    root: Annotated[Path | None, typer.Option(help="Folder of the data set.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Split; the set's own (val) unless told.")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="labelIds (default in Cityscapes' layout) or trainIds (class indices)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON; fractions.")] = False,
) -> None:
    """Score label maps by the Cityscapes rule, as its official evaluator would."""
    from bench.errors import BadInput, UnknownName
    from bench.registry import suggest
    from bench.suite.load import tables

    known = tables().datasets
    if dataset not in known:
        raise UnknownName(f"There is no data set called {dataset!r}.", suggest(dataset, known))
    if encoding not in {None, "labelIds", "trainIds"}:
        raise BadInput(f"{encoding!r} is no encoding of label maps.", "Say labelIds or trainIds.")
    changes: dict[str, str] = {}
    if root is not None:
        changes["root"] = str(root.expanduser().resolve())
    if split is not None:
        changes["split"] = split
    spec = known[dataset].model_copy(update=changes)
    found = _measured(predictions, spec, encoding)
    if json:
        import json as text

        print(text.dumps(found.as_json(), indent=1, allow_nan=False))
    else:
        _show(found)


def _measured(predictions: Path, spec: Dataset, encoding: str | None) -> Score:
    """Score of the folder, with a bar on a terminal's standard error."""
    from rich.console import Console
    from rich.progress import Progress

    from bench.measure.score import score as measure

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("scoring", total=None)
        return measure(
            predictions,
            spec,
            encoding=cast("Encoding | None", encoding),
            done=lambda n, total: bar.update(task, completed=n, total=total),
        )


def _show(found: Score) -> None:
    """Print tables of classes and of means, in percent."""
    import math

    from rich.console import Console
    from rich.table import Table

    def percent(value: float | None) -> str:
        return "-" if value is None or math.isnan(value) else f"{100 * value:.2f}"

    table = Table(title=f"{found.dataset}, {found.images} images, percent")
    for name in ("class", "IoU", "iIoU"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for name, value in found.iou.items():
        table.add_row(name, percent(value), percent(found.class_iiou.get(name)))
    table.add_section()
    table.add_row("mean of classes", percent(found.miou), percent(found.iiou), style="bold")
    table.add_row("mean of categories", percent(found.category_miou), percent(found.category_iiou))
    table.add_row("pixel accuracy", percent(found.pixel_accuracy), "")
    Console().print(table)
    for note in found.notes:
        Console(stderr=True).print(note, markup=False)
