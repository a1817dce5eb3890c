"""Size and memory by kind, each with its definition."""

from bench.metrics.catalog import CATALOG, info
from bench.metrics.format import listing
from bench.report.blocks import Items, Section, Strong, Text
from bench.report.sections.common import any_value, by_group, number_table, titled
from bench.report.view import View


def section(view: View) -> Section | None:
    """Section `memory`; None where nothing was measured."""
    if not view.measured:
        return None
    names = [n for n, about in CATALOG.items() if about.kind == "memory"]
    there = [n for n in names if any_value(view.measured, n)]
    tables = by_group(
        view.measured_groups,
        lambda g, _: [number_table(view, g, g.measured, there, "Size and memory")],
    )
    told: list[Text] = [(Strong(info(n).title), f": {info(n).definition}") for n in there]
    for name in names:
        missing = [m for r in view.measured if (m := r.metrics.get(name)) and m.value is None]
        reasons = list(dict.fromkeys(m.reason or "no value was recorded" for m in missing))
        if name not in there and reasons:
            told.append((Strong(info(name).title), f": not measured. {listing(reasons)}"))
    return titled("memory", (*tables, Items(tuple(told))))
