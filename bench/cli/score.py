"""`segbench score`: numbers for label maps that some other program wrote."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from bench.cli.options import Json, print_json

if TYPE_CHECKING:
    from bench.measure.labelmaps import Encoding
    from bench.metrics.base import Row
    from bench.record.store import Run
    from bench.suite.dataset import Dataset


def score(
    predictions: Annotated[
        Path,
        typer.Argument(help="Folder of predicted label maps, one PNG an image, subfolders too."),
    ],
    dataset: Annotated[str, typer.Option(help="Data set to score against.")],
    root: Annotated[Path | None, typer.Option(help="Folder of the data set.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Split; default: that of the data set (val).")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="labelIds (default in Cityscapes' layout) or trainIds (class indices)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of a run with the result, for show, card, compare and gate."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the model in that run.")] = "predictions",
    json: Json = False,
) -> None:
    """Score label maps by the Cityscapes rule, as its official evaluator would."""
    from bench.datasets.base import safe_name
    from bench.errors import BadInput
    from bench.registry import named
    from bench.suite.load import tables
    from bench.suite.read import check_name

    spec = named(tables().datasets, "data set", dataset)
    if encoding not in {None, "labelIds", "trainIds"}:
        raise BadInput(f"{encoding!r} is no encoding of label maps.", "Say labelIds or trainIds.")
    check_name(name, "--name")
    if out is not None and (out / "run.json").exists():
        raise BadInput(f"{out} holds a run already.", "Name another folder with --out.")
    changes: dict[str, str] = {}
    if root is not None:
        changes["root"] = str(root.expanduser().resolve())
    if split is not None:
        changes["split"] = safe_name(split, "split")
    spec = spec.model_copy(update=changes)
    with tempfile.TemporaryDirectory() as aside:
        row, run = _measured(predictions, spec, out or Path(aside), name, encoding)
        found = numbers(row, run)
    if json:
        print_json(found, finite=True)
    else:
        _show(row, found)
    if out is not None:
        words = f"The run is in {out}: segbench show, card, compare and gate read it."
        typer.echo(words, err=True)


def _measured(
    predictions: Path, spec: Dataset, folder: Path, name: str, encoding: str | None
) -> tuple[Row, Run]:
    """Row and run of the folder of label maps, with a bar on a terminal's standard error."""
    from rich.console import Console
    from rich.progress import Progress

    from bench.measure.score import score as measure
    from bench.metrics.rows import rows
    from bench.record.store import read_run

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("scoring", total=None)
        measure(
            predictions,
            spec,
            folder,
            name=name,
            encoding=cast("Encoding | None", encoding),
            done=lambda n, total: bar.update(task, completed=n, total=total),
        )
    run = read_run(folder)
    (row,) = rows(run)
    return row, run


def numbers(row: Row, run: Run) -> dict[str, Any]:
    """Object of `--json`, fractions; None where there is nothing to count."""
    import math

    from bench.record.store import read_arrays
    from bench.tasks.instances import class_iiou
    from bench.tasks.semantic import counts_of

    result = row.result
    found, inside, folder = result.get("confusion"), result.get("instances"), run.folder / "cases"
    by_class: dict[str, float] = {}
    if inside is not None:
        arrays = read_arrays(folder, inside.arrays)
        by_class = class_iiou(counts_of(folder, found), arrays, found.classes)
    means = ("miou", "iiou", "category_miou", "category_iiou", "pixel_accuracy")
    return {
        "schema": 1,
        "dataset": result.case.dataset.name,
        "images": len(found.images),
        "metrics": {
            **{name: row.value(name) for name in means},
            "iou": {k: m.value for k, m in row.by_class["iou"].items()},
            "iou_by_category": {
                k: m.value for k, m in row.by_class.get("category_iou", {}).items()
            },
            "iiou_by_class": {k: None if math.isnan(v) else v for k, v in by_class.items()},
        },
        "interval": {"miou": [row.metrics["miou"].low, row.metrics["miou"].high]},
        "notes": list(result.notes),
    }


def _show(row: Row, found: dict[str, Any]) -> None:
    """Print tables of classes and of means, in percent."""
    from rich.console import Console
    from rich.table import Table

    from bench.metrics.format import interval, points

    def percent(value: float | None) -> str:
        return "-" if value is None else points(value)

    table = Table(title=f"{found['dataset']}, {found['images']} images, percent")
    for column in ("class", "IoU", "95 % interval", "iIoU"):
        table.add_column(column, justify="left" if column == "class" else "right")
    numbers = found["metrics"]
    for name, metric in row.by_class["iou"].items():
        inside = percent(numbers["iiou_by_class"].get(name))
        table.add_row(name, percent(metric.value), interval(metric, points), inside)
    table.add_section()
    means = (("mean of classes", "miou", "iiou"), ("mean of categories", "category_miou", "category_iiou"), ("pixel accuracy", "pixel_accuracy", ""))  # fmt: skip
    for words, name, inside in means:
        mean, style = row.metrics[name], "bold" if name == "miou" else None
        within = percent(numbers[inside]) if inside else ""
        table.add_row(words, percent(mean.value), interval(mean, points), within, style=style)
    Console().print(table)
    for note in found["notes"]:
        typer.echo(note, err=True)
