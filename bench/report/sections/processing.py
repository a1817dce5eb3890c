"""What other processing rules cost one variant, in latency and in accuracy."""

from dataclasses import replace

from bench.metrics.base import Row
from bench.report.blocks import Section, Table
from bench.report.labels import place
from bench.report.sections.common import (
    any_value,
    head_column,
    number_cell,
    number_column,
    row_head,
    titled,
)
from bench.report.view import View

DIFFERENCE = "rule_difference"
NAMES = ("latency_p50_ms", "headline", DIFFERENCE, "edge_miou", "edge_rule_difference")


def section(view: View) -> Section | None:
    """Section `processing`; None where every variant was measured under one rule."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in view.rows:
        where = place(row.result.case.model_copy(update={"axis": ""}))
        groups.setdefault((where, row.names.variant), []).append(row)
    found = [
        _table(view, where, rows)
        for (where, _), rows in groups.items()
        if any_value(rows, DIFFERENCE)
    ]
    return titled("processing", found) if found else None


def _table(view: View, where: str, rows: list[Row]) -> Table:
    """Rows of one variant, a row a rule."""
    variant = rows[0].names.variant
    names = [n for n in NAMES if any_value(rows, n)]
    body = []
    for row in rows:
        head = replace(row_head(view, row), text=row.names.axis or variant, badge="")
        cells = (number_cell(row, n, with_interval=n.endswith(DIFFERENCE)) for n in names)
        body.append((head, *cells))
    keys = [rows[0].key(name) for name in names]
    columns = (head_column("Rules"), *map(number_column, keys))
    return Table(f"{variant} under other rules, {where}", columns, tuple(body))
