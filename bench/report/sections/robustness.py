"""What is left of accuracy under noise, blur, weather and digital damage, and who breaks first."""

from __future__ import annotations

from bench.metrics.base import Metric, Row
from bench.metrics.format import listing, points, points_short, signed_points
from bench.metrics.robustness import Robustness, Under, robustness
from bench.report.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Items,
    Notes,
    Prose,
    Section,
    Table,
    Text,
)
from bench.report.labels import place
from bench.report.sections.common import head_column, metric_cell
from bench.report.view import View

ABOUT = (
    "Accuracy in percent on corrupted images, a mean over the levels that were asked for, and below it "
    "its share of accuracy on the images as they are. mPC is the mean over all corruptions. The "
    "corruptions follow ImageNet-C and Cityscapes-C; every variant sees the same corrupted bytes."
)


def section(view: View) -> Section | None:
    """Section `robustness`; None where no case is corrupted."""
    margin = view.run.info.gate.limit("miou", "*").bound
    groups = robustness(view.rows, margin)
    if not groups:
        return None
    blocks: list[Block] = [Prose((ABOUT,))]
    for group in groups:
        if len(groups) > 1:
            blocks.append(Heading(_place(group)))
        told = _told(group, margin)
        blocks += [_table(group), *([Items(told)] if told else [])]
    return Section("robustness", "Under bad conditions", tuple(blocks))


def _place(group: tuple[Robustness, ...]) -> str:
    return place(group[0].row.result.case.model_copy(update={"axis": ""}))


def _label(found: Robustness) -> str:
    return found.row.names.variant


def _table(group: tuple[Robustness, ...]) -> Table:
    notes = Notes()
    names = list(group[0].under)
    titles = (
        Column("Clean", "%"),
        *(Column(n.replace("_", " "), "%", vertical=True) for n in names),
    )
    rows = [
        (
            Cell(_label(v), badge="reference" if v.row.result.case.is_reference else ""),
            metric_cell(v.clean.metric("headline") if v.clean else None, points_short, notes),
            *(_cell(v.under[n].mean, v.under[n].retained, notes) for n in names),
            _cell(v.mpc, v.rpc, notes),
        )
        for v in group
    ]
    return Table(
        caption=f"{group[0].row.names.label} under corruption, {_place(group)}",
        columns=(head_column(), *titles, Column("mPC", "%")),
        rows=tuple(rows),
        notes=notes.texts,
    )


def _cell(metric: Metric, retained: Metric, notes: Notes) -> Cell:
    cell = metric_cell(metric, points_short, notes)
    if metric.value is None or retained.value is None:
        return cell
    share = f"{100 * retained.value:.0f} %"
    return Cell(cell.text, share, mark=cell.mark, heat=round(min(1.0, retained.value), 2))


def _told(group: tuple[Robustness, ...], margin: float) -> tuple[Text, ...]:
    """Sentences: who breaks earlier than the reference, and who does not."""
    if not any(found.clean for found in group):
        words = "Nothing was measured on the images as they are: who breaks earlier can't be told."
        return ((words,),)
    said: list[Text] = []
    safe = []
    reference = group[0].row.result.case.reference
    against = reference.slug
    for found in group:
        if found.row.result.case.is_reference:
            continue
        early = {n: u for n, u in found.under.items() if u.breaks is not None}
        if found.broken:
            said.append((
                (
                    f"{_label(found)} loses more than {points(margin)} points against {against} on "
                    "the images as they are; corruption adds no verdict."
                ),
            ))
        elif early:
            listed = listing([_breaking(n, u) for n, u in early.items()])
            said.append((f"{_label(found)} breaks earlier than {against} under {listed}.",))
        elif found.clean is not None and any(_compared(u) for u in found.under.values()):
            safe.append(_label(found))
    if safe:
        verb = "does" if len(safe) == 1 else "do"
        said.append((
            (
                f"{listing(safe)} {verb} not break earlier than {against}, as far as these images "
                "show: at no level does the whole interval of the paired difference lie beyond a loss "
                f"of {points(margin)} points."
            ),
        ))
    return tuple(said)


def _breaking(name: str, under: Under) -> str:
    """`fog from level 3 on (-2.10 points, -3.00 to -1.40)`."""
    metric = under.levels[under.breaks or 0].metric("headline_difference") or Metric(None)
    low, high = signed_points(metric.low or 0.0), signed_points(metric.high or 0.0)
    value = signed_points(metric.value or 0.0)
    return (
        f"{name.replace('_', ' ')} from level {under.breaks} on ({value} points, {low} to {high})"
    )


def _compared(under: Under) -> bool:
    rows: tuple[Row, ...] = tuple(under.levels.values())
    return any(r.value("headline_difference") is not None for r in rows)
