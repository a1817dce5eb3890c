"""Accuracy under noise, blur, weather and digital damage, and which variants break first."""

from collections.abc import Iterator

from bench.metrics.base import Metric
from bench.metrics.format import listing, points, points_short, signed_points
from bench.metrics.robustness import Robustness, Under, robustness
from bench.report.blocks import Block, Cell, Column, Heading, Items, Section, Table
from bench.report.labels import place
from bench.report.sections.common import head_column, metric_cell, said, titled
from bench.report.view import View


def section(view: View) -> Section | None:
    """Section `robustness`; None where no case is corrupted."""
    groups: list[tuple[tuple[Robustness, ...], float]] = []
    for name in dict.fromkeys(r.names.headline for r in view.rows):
        margin = view.run.info.gate.limit(name, "*").bound
        rows = [r for r in view.rows if r.names.headline == name]
        groups += [(group, margin) for group in robustness(rows, margin)]
    if not groups:
        return None
    blocks: list[Block] = []
    for group, margin in groups:
        if len(groups) > 1:
            blocks.append(Heading(_place(group)))
        told = tuple(_told(group, margin))
        blocks += [_table(group), *([Items(told)] if told else [])]
    return titled("robustness", blocks)


def _place(group: tuple[Robustness, ...]) -> str:
    return place(group[0].row.result.case.model_copy(update={"axis": ""}))


def _table(group: tuple[Robustness, ...]) -> Table:
    names = list(group[0].under)
    columns = (
        head_column(),
        Column("Clean", "%"),
        *(Column(n.replace("_", " "), "%", vertical=True) for n in names),
        Column("mPC", "%"),
    )
    rows = [
        (
            Cell(v.row.names.variant, badge="reference" if v.row.result.case.is_reference else ""),
            metric_cell(v.clean.metric("headline") if v.clean else None, points_short),
            *(_cell(v.under[n].mean, v.under[n].retained) for n in names),
            _cell(v.mpc, v.rpc),
        )
        for v in group
    ]
    caption = f"{group[0].row.names.label} under corruption, {_place(group)}"
    return Table(caption, columns, tuple(rows))


def _cell(metric: Metric, retained: Metric) -> Cell:
    cell = metric_cell(metric, points_short)
    if metric.value is None or retained.value is None:
        return cell
    share = f"{100 * retained.value:.0f} %"
    return Cell(cell.text, share, note=cell.note, heat=round(min(1.0, retained.value), 2))


def _told(group: tuple[Robustness, ...], margin: float) -> Iterator[str]:
    """Sentences: which variants break earlier than the reference, and which do not."""
    if not any(found.clean for found in group):
        yield said("robustness")["unclean"]
        return
    against, safe = group[0].row.result.case.reference.slug, []
    for found in group:
        name = found.row.names.variant
        if found.row.result.case.is_reference:
            continue
        early = [_breaking(n, u) for n, u in found.under.items() if u.breaks is not None]
        if found.broken:
            yield (
                f"{name} loses more than {points(margin)} points against {against} on the images as "
                "they are; corruption adds no verdict."
            )
        elif early:
            yield f"{name} breaks earlier than {against} under {listing(early)}."
        elif found.clean is not None and any(_compared(u) for u in found.under.values()):
            safe.append(name)
    if safe:
        verb = "does" if len(safe) == 1 else "do"
        yield (
            f"{listing(safe)} {verb} not break earlier than {against}, as far as these images "
            "show: at no level does the whole interval of the paired difference lie beyond a loss "
            f"of {points(margin)} points."
        )


def _breaking(name: str, under: Under) -> str:
    """`fog from level 3 on (-2.10 points, -3.00 to -1.40)`."""
    metric = under.levels[under.breaks or 0].metric("headline_difference") or Metric(None)
    value, low, high = (signed_points(v or 0.0) for v in (metric.value, metric.low, metric.high))
    where = f"{name.replace('_', ' ')} from level {under.breaks} on"
    return f"{where} ({value} points, {low} to {high})"


def _compared(under: Under) -> bool:
    return any(r.value("headline_difference") is not None for r in under.levels.values())
