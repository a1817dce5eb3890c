"""How much of each quantized variant really runs in int8."""

from bench.metrics.catalog import info
from bench.metrics.catalog.coverage import NAMES, by_precision
from bench.metrics.format import listing, points_short
from bench.record.coverage import CONVERSION
from bench.report.blocks import Cell, Column, Section, Table
from bench.report.sections.common import by_group, head_column, titled
from bench.report.view import Group, View

MISSING = "-"


def section(view: View) -> Section | None:
    """Section `coverage`; None where no variant's was measured."""
    groups = [g for g in view.measured_groups if any(r.result.get("coverage") for r in g.measured)]
    if not groups:
        return None
    return titled("coverage", by_group(groups, lambda group, _: [_table(group)]))


def _table(group: Group) -> Table:
    columns = (head_column(), *(Column(info(n).label, "%") for n in NAMES), Column("conversions, time", "%"),
               Column("the other time", numeric=False))  # fmt: skip
    rows = []
    for row in group.measured:
        found = row.result.get("coverage")
        if found is None:
            continue
        cells = [Cell(row.names.variant)]
        for name in NAMES:
            metric = row.metrics.get(name)
            value = metric.value if metric else None
            cells.append(
                Cell(MISSING, note=metric.reason if metric else "")
                if value is None
                else Cell(points_short(value), heat=min(value, 1.0))
            )
        shares = by_precision(found)
        there = bool(found.operators)
        converting = shares.pop(CONVERSION, (0.0, 0.0))[1]
        cells.append(Cell(points_short(converting) if there else MISSING))
        rest = [
            f"{word} {points_short(t)} %" for word, (_, t) in shares.items() if word != "int8" and t
        ]
        rows.append((*cells, Cell(listing(rest) if rest else MISSING)))
    return Table("What runs in int8", columns, tuple(rows))
