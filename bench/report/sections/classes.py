"""IoU of every class in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.report.blocks import Cell, Column, Heading, Notes, Prose, Section, Table
from bench.report.format import MISSING, finite, points_short
from bench.report.palette import colours, css
from bench.report.sections.common import metric_cell

if TYPE_CHECKING:
    from bench.metrics.base import Row
    from bench.report.blocks import Block
    from bench.report.view import Group, View

SUMMARY = (
    ("miou", "Mean (mIoU)"),
    ("category_miou", "Categories (mean)"),
    ("iiou", "Instances (iIoU)"),
    ("category_iiou", "Categories, instances"),
    ("pixel_accuracy", "Pixel accuracy"),
)


def section(view: View) -> Section | None:
    """Section `classes`; None where no form has an accuracy."""
    groups = [g for g in view.measured_groups if any(r.iou for r in g.measured)]
    if not groups:
        return None
    first = (
        "IoU in percent over all images together, by the Cityscapes rule: pixels without a label "
        "are left out, a void prediction on a labelled pixel is a miss, a class that is nowhere "
        "to be seen is left out of the mean. The darker the cell, the higher the IoU."
    )
    blocks: list[Block] = [Prose((first,))]
    for group in groups:
        if len(groups) > 1:
            blocks.append(Heading(group.title))
        blocks.append(_table(group))
    return Section("classes", "Class by class", tuple(blocks))


def _table(group: Group) -> Table:
    rows = [r for r in group.measured if r.iou]
    names = group.case.dataset.classes
    paint = colours(names)
    notes = Notes()
    lines = [
        (Cell(name, swatch=css(paint[i])), *(_cell(r, name, notes) for r in rows))
        for i, name in enumerate(names)
    ]
    for metric, title in SUMMARY:
        cells = [metric_cell(r.metrics.get(metric), points_short, notes) for r in rows]
        if any(c.text != MISSING for c in cells):
            lines.append((Cell(title, badge="mean"), *cells))
    heads = [Column(_head(group, r), vertical=True) for r in rows]
    return Table(
        caption=f"IoU by class, %, of {group.title}",
        columns=(Column("Class", numeric=False), *heads),
        rows=tuple(lines),
        notes=notes.texts,
    )


def _head(group: Group, row: Row) -> str:
    return group.label(row) + (" (wrong)" if row.status == "wrong" else "")


def _cell(row: Row, name: str, notes: Notes) -> Cell:
    metric = row.iou.get(name)
    cell = metric_cell(metric, points_short, notes)
    value = finite(metric.value) if metric else None
    return cell if value is None else Cell(cell.text, mark=cell.mark, heat=round(value, 2))
