"""Accuracy of every class in every variant: IoU, PQ."""

from __future__ import annotations

from collections.abc import Mapping

from bench.metrics.base import Metric, Row
from bench.metrics.format import (
    finite,
    listing,
    points,
    points_short,
    signed_points,
)
from bench.report.blocks import Block, Cell, Column, Notes, Prose, Section, Table
from bench.report.palette import colours, css
from bench.report.sections.common import any_value, metric_cell
from bench.report.view import Group, View
from bench.tasks.base import task_of

SUMMARY = {
    "category_miou": "Categories (mean)",
    "iiou": "Instances (iIoU)",
    "category_iiou": "Categories, instances",
    "pixel_accuracy": "Pixel accuracy",
    "pq_things": "Things (PQ)",
    "pq_stuff": "Stuff (PQ)",
    "sq": "Segmentation quality (SQ)",
    "rq": "Recognition quality (RQ)",
}
"""Rows below the classes, where a task has their number."""


def section(view: View) -> Section | None:
    """Section `classes`; None where no variant has an accuracy."""
    groups, repeated = _groups(view)
    if not groups:
        return None
    labels = list(dict.fromkeys(_label(r) for _, rows in groups for r in rows))
    told = (
        f"{listing(labels)} in percent over all images together, by the rules of Cityscapes: pixels "
        "without a label are left out, a class that is nowhere to be seen is left out of the mean. "
        "The stronger the tint, the higher the number."
    )
    if repeated:
        told += " A case whose numbers equal those that the same variant has above isn't repeated."
    tables: dict[tuple[str, ...], list[tuple[Group, Row]]] = {}
    for group, rows in groups:
        case = group.case
        key = (_label(rows[0]), case.dataset.name, case.axis, *case.dataset.classes)
        tables.setdefault(key, []).extend((group, r) for r in rows)
    blocks: list[Block] = [Prose((told,))]
    for found in tables.values():
        compared = [(g, r) for g, r in found if _of(r, "_difference")]
        blocks += [_table(found), *([_differences(compared)] if compared else [])]
    return Section("classes", "Class by class", tuple(blocks))


def _groups(view: View) -> tuple[list[tuple[Group, list[Row]]], bool]:
    """Groups with the rows to show, and whether a variant was left out, whose numbers stand above."""
    repeated = False
    found: list[tuple[Group, list[Row]]] = []
    shown: set[tuple[object, ...]] = set()
    for group in view.measured_groups:
        rows = []
        for row in group.measured:
            case = row.result.case
            values = tuple(m.value for m in _of(row).values())
            key = (case.model.name, case.variant.slug, case.dataset.name, values)
            if _of(row) and key in shown:
                repeated = True
            elif _of(row):
                shown.add(key)
                rows.append(row)
        if rows:
            found.append((group, rows))
    return found, repeated


def _of(row: Row, rest: str = "") -> Mapping[str, Metric]:
    """The task's metric of a class, or its difference to the reference, by class."""
    return row.by_class.get(task_of(row.result.case).class_metric + rest, {})


def _label(row: Row) -> str:
    return task_of(row.result.case).class_label


def _where(row: Row) -> str:
    case = row.result.case
    return f"{case.dataset.name}, {case.axis}" if case.axis else case.dataset.name


def _table(found: list[tuple[Group, Row]]) -> Table:
    rows = [r for _, r in found]
    data = rows[0].result.case.dataset
    paint = colours(data.classes)
    notes = Notes()
    lines = [
        (Cell(name, swatch=css(paint[i])), *(_cell(r, name, notes) for r in rows))
        for i, name in enumerate(data.classes)
    ]
    for metric, title in {"headline": f"Mean ({rows[0].names.label})", **SUMMARY}.items():
        if any_value(tuple(rows), metric):
            cells = (metric_cell(r.metric(metric), points_short, notes) for r in rows)
            lines.append((Cell(title, badge="mean"), *cells))
    places = {(r.result.case.model.name, r.result.case.target.name) for r in rows}
    heads = [_head(g, r, several=len(places) > 1) for g, r in found]
    models = listing(list(dict.fromkeys(r.result.case.model.name for r in rows)))
    return Table(
        caption=f"{_label(rows[0])} by class, %, of {models} on {_where(rows[0])}",
        columns=(Column("Class", numeric=False), *heads),
        rows=tuple(lines),
        notes=notes.texts,
    )


def _differences(found: list[tuple[Group, Row]]) -> Table:
    """Paired differences to the reference; an interval is shown where it leaves out zero."""
    rows = [r for _, r in found]
    data = rows[0].result.case.dataset
    paint = colours(data.classes)
    notes = Notes()
    lines = [
        (
            Cell(name, swatch=css(paint[i])),
            *(_difference(_of(r, "_difference").get(name), notes) for r in rows),
        )
        for i, name in enumerate(data.classes)
    ]
    for name in dict.fromkeys(
        n for r in rows for n in r.by_class.get("category_iou_difference", {})
    ):
        cells = (
            _difference(r.by_class.get("category_iou_difference", {}).get(name), notes)
            for r in rows
        )
        lines.append((Cell(name, badge="category"), *cells))
    smallest = [metric_cell(r.metric("headline_detectable"), points, notes) for r in rows]
    lines.append((
        Cell(f"Smallest drop of {rows[0].names.label} that shows", badge="mean"),
        *smallest,
    ))
    several = len({(r.result.case.model.name, r.result.case.target.name) for r in rows}) > 1
    return Table(
        caption=f"{_label(rows[0])} minus the reference's, points, on {_where(rows[0])}",
        columns=(
            Column("Class", numeric=False),
            *(_head(g, r, several=several) for g, r in found),
        ),
        rows=tuple(lines),
        notes=notes.texts,
        foot=(
            (
                (
                    "Paired over the same images. An interval (95 %) is printed where it leaves out "
                    "zero; among 19 unchanged classes one does so by chance."
                ),
            ),
        ),
    )


def _difference(metric: Metric | None, notes: Notes) -> Cell:
    cell = metric_cell(metric, signed_points, notes, with_interval=True)
    low, high = (metric.low, metric.high) if metric else (None, None)
    beyond = low is not None and high is not None and (low > 0 or high < 0)
    return cell if beyond else Cell(cell.text, mark=cell.mark)


def _head(group: Group, row: Row, *, several: bool) -> Column:
    title = group.label(row) + (" (wrong)" if row.status == "wrong" else "")
    case = row.result.case
    where = f"{case.model.name}, {case.target.name}" if several else ""
    return Column(title, unit=where, vertical=True)


def _cell(row: Row, name: str, notes: Notes) -> Cell:
    metric = _of(row).get(name)
    cell = metric_cell(metric, points_short, notes)
    value = finite(metric.value) if metric else None
    return cell if value is None else Cell(cell.text, mark=cell.mark, heat=round(value, 2))
