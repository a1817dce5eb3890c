"""Accuracy of every class in every variant: IoU, PQ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bench.metrics.base import Metric, Row
from bench.metrics.format import finite, listing, points, points_short, signed_points
from bench.report.blocks import Block, Cell, Column, Section, Table
from bench.report.labels import with_axis
from bench.report.palette import colours, css
from bench.report.sections.common import any_value, head_column, metric_cell, said, titled
from bench.report.view import View
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
    "ap50": "IoU from 0.50 (AP50)",
    "ap75": "IoU from 0.75 (AP75)",
    "ap_small": "Small objects (AP)",
    "ap_medium": "Medium objects (AP)",
    "ap_large": "Large objects (AP)",
    "ar": "Average recall (AR)",
}
"""Rows below the classes, where a task has their number."""


def section(view: View) -> Section | None:
    """Section `classes`; None where no variant has an accuracy."""
    able = [r for g in view.measured_groups for r in g.measured if _of(r)]
    rows: dict[tuple[object, ...], Row] = {}
    for row in able:
        rows.setdefault(_numbers(row), row)
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows.values():
        case = row.result.case
        key = (_label(row), case.dataset.name, case.axis, *case.dataset.classes)
        tables.setdefault(key, []).append(row)
    if not tables:
        return None
    blocks: list[Block] = []
    for found in tables.values():
        compared = [r for r in found if _of(r, "_difference")]
        blocks += [_table(found), *([_differences(compared)] if compared else [])]
    repeated = f" {said('classes')['repeated']}" if len(rows) < len(able) else ""
    labels = listing(list(dict.fromkeys(label for label, *_ in tables)))
    rules = "; ".join(dict.fromkeys(task_of(r.result.case).rules for r in rows.values()))
    return titled("classes", blocks, labels=labels, rules=rules, repeated=repeated)


def _numbers(row: Row) -> tuple[object, ...]:
    """What two targets show once: the variant, and its numbers of all classes."""
    case, values = row.result.case, tuple(m.value for m in _of(row).values())
    return case.model.name, case.variant.slug, case.dataset.name, values


def _of(row: Row, rest: str = "") -> Mapping[str, Metric]:
    """The task's metric of a class, or its difference to the reference, by class."""
    return row.by_class.get(task_of(row.result.case).class_metric + rest, {})


def _label(row: Row) -> str:
    return task_of(row.result.case).class_label


def _table(rows: Sequence[Row]) -> Table:
    lines = _by_class(rows, lambda row, name: _cell(_of(row).get(name)))
    for metric, title in {"headline": f"Mean ({rows[0].names.label})", **SUMMARY}.items():
        if any_value(rows, metric):
            cells = (metric_cell(r.metric(metric), points_short) for r in rows)
            lines.append((Cell(title, badge="mean"), *cells))
    models = listing(list(dict.fromkeys(r.names.model for r in rows)))
    caption = f"{_label(rows[0])} by class, %, of {models} on {_where(rows[0])}"
    return Table(caption, _columns(rows), tuple(lines))


def _differences(rows: Sequence[Row]) -> Table:
    """Paired differences to the reference; an interval is shown where it leaves out zero."""
    lines = _by_class(rows, lambda row, name: _difference(_of(row, "_difference").get(name)))
    categories = [r.by_class.get("category_iou_difference", {}) for r in rows]
    for name in dict.fromkeys(n for found in categories for n in found):
        cells = (_difference(found.get(name)) for found in categories)
        lines.append((Cell(name, badge="category"), *cells))
    head = Cell(f"Smallest drop of {rows[0].names.label} that shows", badge="mean")
    lines.append((head, *(metric_cell(r.metric("headline_detectable"), points) for r in rows)))
    caption = f"{_label(rows[0])} minus the reference's, points, on {_where(rows[0])}"
    return Table(caption, _columns(rows), tuple(lines), (said("classes")["differences"],))


def _by_class(rows: Sequence[Row], cell: Callable[[Row, str], Cell]) -> list[tuple[Cell, ...]]:
    """A line of cells for each class, which begins with its name and colour."""
    classes = rows[0].result.case.dataset.classes
    return [
        (Cell(name, swatch=css(colour)), *(cell(r, name) for r in rows))
        for name, colour in zip(classes, colours(classes), strict=True)
    ]


def _where(row: Row) -> str:
    return with_axis(row.names.dataset, row.names.axis)


def _columns(rows: Sequence[Row]) -> tuple[Column, ...]:
    several = len({(r.names.model, r.names.target) for r in rows}) > 1
    heads = (
        Column(
            r.names.variant + (" (wrong)" if r.status == "wrong" else ""),
            unit=f"{r.names.model}, {r.names.target}" if several else "",
            vertical=True,
        )
        for r in rows
    )
    return head_column("Class"), *heads


def _difference(metric: Metric | None) -> Cell:
    cell = metric_cell(metric, signed_points, with_interval=True)
    low, high = (metric.low, metric.high) if metric else (None, None)
    beyond = low is not None and high is not None and (low > 0 or high < 0)
    return cell if beyond else replace(cell, detail="")


def _cell(metric: Metric | None) -> Cell:
    cell = metric_cell(metric, points_short)
    value = finite(metric.value) if metric else None
    return cell if value is None else replace(cell, heat=round(value, 2))
