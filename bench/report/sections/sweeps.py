"""How cost grows along what a suite sweeps."""

from dataclasses import replace

from bench.metrics.format import MINUS, MISSING, interval, listing, milliseconds, plural
from bench.metrics.sweeps import COST, SCALING, WORK, Curve, Point, curves
from bench.report.blocks import Block, Cell, Column, Figure, Section, Table
from bench.report.charts.curve import Line, Mark, draw
from bench.report.labels import with_axis
from bench.report.sections.common import figure, head_column, metric_cell, titled
from bench.report.view import View

TITLES = {
    "batch_size": "Batch size",
    "size": "Input size",
    "threads": "Threads",
    "rate": "Arrivals a second",
}


def section(view: View) -> Section | None:
    """Section `sweeps`; None where nothing was swept, or fewer than two points were measured."""
    places: dict[tuple[str, tuple[str, str, str, str]], list[Curve]] = {}
    for curve in curves(view.rows):
        places.setdefault((curve.key, curve.place), []).append(curve)
    drawn = [found for found in places.values() if any(len(c.measured) > 1 for c in found)]
    blocks: list[Block] = []
    for index, found in enumerate(drawn):
        blocks += [_figure(found, index), _table(view, found)]
    return titled("sweeps", blocks) if blocks else None


def _where(curve: Curve) -> str:
    model, target, dataset, rest = curve.place
    return with_axis(f"{model} on {target}, {dataset}", rest)


def _label(curve: Curve) -> str:
    return curve.points[0].row.names.variant


def _figure(found: list[Curve], index: int) -> Figure:
    key, where = found[0].key, _where(found[0])
    lines = [
        Line(_label(c), tuple(Mark(p.x, p.text, p.ms or 0.0) for p in c.measured))
        for c in found
        if c.measured
    ]
    told = [
        f"{line.label} from {milliseconds(line.marks[0].y)} ms at {line.marks[0].text} to "
        f"{milliseconds(line.marks[-1].y)} ms at {line.marks[-1].text}"
        for line in lines
    ]
    return figure(
        "sweep", index, draw(lines, WORK[key], f"latency {_percentile(key)}, ms"),
        f"{TITLES[key]} and latency of {where}",
        f"{plural(len(lines), 'variant')}: {listing(told)}.",
        f"Latency ({_percentile(key)}, ms) against {WORK[key]}, {where}.",
    )  # fmt: skip


def _table(view: View, found: list[Curve]) -> Table:
    key = found[0].key
    values = sorted({(p.x, p.text) for c in found for p in c.points})
    rows = []
    for curve in found:
        at = {(p.x, p.text): p for p in curve.points}
        cells = [_cell(curve, at.get(value)) for value in values]
        if key in SCALING:
            slope = curve.exponent
            cells.append(replace(metric_cell(slope, _signed), detail=interval(slope, _signed)))
        first = curve.points[0].row.result
        rows.append((Cell(_label(curve), href=view.record_href(first)), *cells))
    last = (Column("Exponent"),) if key in SCALING else ()
    columns = (head_column(), *(Column(text) for _, text in values), *last)
    caption = f"{TITLES[key]} of {_where(found[0])}: latency {_percentile(key)}, ms"
    return Table(caption, columns, tuple(rows))


def _cell(curve: Curve, point: Point | None) -> Cell:
    """Latency, and beside it what the step is worth: images a second, or the speed-up."""
    if point is None:
        return Cell(MISSING, note="the suite doesn't ask for this point")
    shown = metric_cell(point.row.metrics.get(COST[curve.key]), milliseconds)
    if point.ms is None:
        return shown
    detail = ""
    if curve.key == "batch_size":
        detail = f"{milliseconds(point.ms / point.x)} an image"
    speed_up = curve.speed_up(point).value
    if speed_up is not None and point != curve.measured[0]:
        detail = f"{speed_up:.2f} x as fast"
    return replace(shown, detail=detail)


def _percentile(key: str) -> str:
    """`p50` or `p90`."""
    return "p90" if "p90" in COST[key] else "p50"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)
