"""Size and memory by kind, each with its definition."""

from __future__ import annotations

from bench.metrics.catalog import CATALOG, info
from bench.metrics.format import listing
from bench.report.blocks import Block, Heading, Items, Prose, Section, Strong, Text
from bench.report.sections.common import absent_reasons, any_value, number_table
from bench.report.view import View


def section(view: View) -> Section | None:
    """Section `memory`; None where nothing was measured."""
    if not view.measured:
        return None
    first = (
        "MB are millions of bytes. Each kind stands as it was read; where one is the difference of "
        "two, its line says of which."
    )
    blocks: list[Block] = [Prose((first,))]
    names = [n for n, about in CATALOG.items() if about.kind == "memory"]
    there = [n for n in names if any_value(view.measured, n)]
    for group in view.measured_groups:
        if len(view.measured_groups) > 1:
            blocks.append(Heading(group.title))
        blocks.append(number_table(view, group, group.measured, there, "Size and memory"))
    said: list[Text] = [(Strong(info(n).title), f": {info(n).definition}") for n in there]
    for name in names:
        reasons = absent_reasons(view.measured, name)
        if name not in there and reasons:
            said.append((Strong(info(name).title), f": not measured. {listing(reasons)}"))
    blocks.append(Items(tuple(said)))
    return Section("memory", "Size and memory", tuple(blocks))
