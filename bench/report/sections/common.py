"""What several sections share: titles and fixed words, groups, cells for metrics, heads for rows."""

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from bench.metrics.base import Metric, Row
from bench.metrics.catalog import info
from bench.metrics.format import MISSING, finite, interval
from bench.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Heading,
    Prose,
    Section,
    Strong,
    Table,
    Text,
)
from bench.report.view import Group, View
from bench.resources import reports_dir


@cache
def said(section: str) -> dict[str, Any]:
    """Title and fixed words of a section: its table in `reports/templates/sections.toml`."""
    path = reports_dir() / "templates" / "sections.toml"
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))[section]
    return found


def titled(name: str, blocks: Iterable[Block], **values: str) -> Section:
    """Section under its title and its first words, with the values that these name."""
    first = said(name).get("first")
    head = [Prose(first.format(**values))] if first else []
    return Section(name, said(name)["title"], (*head, *blocks))


def marked_up(words: str) -> Text:
    """Fixed words in which `**so**` is strong."""
    parts = enumerate(re.split(r"\*\*(.+?)\*\*", words))
    return tuple(Strong(part) if i % 2 else part for i, part in parts if part)


def by_group(
    groups: Sequence[Group], make: Callable[[Group, int], Iterable[Block]]
) -> Iterable[Block]:
    """Blocks of each group, of which `make` gets the number, too; titled where there are several."""
    for index, group in enumerate(groups):
        if len(groups) > 1:
            yield Heading(group.title)
        yield from make(group, index)


def metric_cell(
    metric: Metric | None, write: Callable[[float], str], *, with_interval: bool = False
) -> Cell:
    """Cell of a number; a missing one is a dash whose note says why."""
    value = finite(metric.value) if metric else None
    if metric is None or value is None:
        reason = metric.reason if metric else "this was not measured"
        return Cell(MISSING, note=reason or "no value was recorded")
    detail = interval(metric, write) if with_interval else ""
    return Cell(write(value), detail, note=metric.note)


def number_cell(row: Row, name: str, *, with_interval: bool = False) -> Cell:
    """Cell of a row's metric, as its catalog writes it."""
    write = info(row.key(name)).written.cell
    return metric_cell(row.metric(name), write, with_interval=with_interval)


def number_column(name: str, more: str = "") -> Column:
    """Column of a metric: its label and unit, and what else the cells hold."""
    about = info(name)
    return Column(about.title, ", ".join(w for w in (about.written.title, more) if w))


def number_table(
    view: View, group: Group, rows: Sequence[Row], names: Sequence[str], caption: str
) -> Table:
    """Table of metrics: a row a variant, a column a name; p50 under load with its interval."""
    wide = "latency_under_load_p50_ms"
    body = [
        (row_head(view, r), *(number_cell(r, n, with_interval=n == wide) for n in names))
        for r in rows
    ]
    columns = (head_column(), *map(number_column, names))
    return Table(f"{caption} of {group.title}", columns, tuple(body))


def figure(
    name: str, index: int, drawn: tuple[str, int, int], title: str, alt: str, caption: str
) -> Figure:
    """Figure of a drawing; the second of a name and later ones are numbered."""
    called = name if index == 0 else f"{name}-{index + 1}"
    return Figure(called, title, alt, caption, *drawn)


def row_head(view: View, row: Row) -> Cell:
    """First cell of a row: the variant, its status where it isn't ok, its raw record."""
    badge = row.status if row.status != "ok" else ""
    if not badge and row.result.case.is_reference:
        badge = "reference"
    return Cell(row.names.variant, href=view.record_href(row.result), badge=badge)


def head_column(title: str = "Variant") -> Column:
    """Column of the rows' heads."""
    return Column(title, numeric=False)


def any_value(rows: Iterable[Row], name: str) -> bool:
    """Whether at least one row has this number."""
    return any(finite(r.value(name)) is not None for r in rows)
