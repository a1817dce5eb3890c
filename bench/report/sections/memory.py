"""Size and memory by kind, each with its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.record.memory import DEFINITIONS, DIFFERENCES
from bench.report.blocks import Column, Heading, Items, Notes, Prose, Section, Strong, Table
from bench.report.format import listing, megabytes
from bench.report.sections.common import (
    absent_reasons,
    any_value,
    head_column,
    metric_cell,
    row_head,
)

if TYPE_CHECKING:
    from bench.report.blocks import Block, Text
    from bench.report.view import Group, View

NAMES = {
    "file_bytes": "File",
    "weight_bytes": "Weights",
    "rss_start_bytes": "Resident, start",
    "rss_before_load_bytes": "Before load",
    "rss_after_load_bytes": "After load",
    "rss_peak_bytes": "Peak",
    "rss_added_by_load_bytes": "Added by loading",
    "rss_added_by_run_bytes": "Added by running",
    "pss_after_load_bytes": "PSS, after load",
    "pss_after_run_bytes": "PSS, after run",
    "gpu_allocated_peak_bytes": "GPU allocated",
    "gpu_reserved_peak_bytes": "GPU reserved",
    "gpu_process_bytes": "GPU process",
}
MEANING = {
    "file_bytes": "All files of the artifact, on disk",
    "weight_bytes": "Learned weights alone, as they are stored in it",
    **{f"{kind}_bytes": text for kind, text in DEFINITIONS.items()},
}
MEANING |= {
    f"{kind}_bytes": f"{NAMES[f'{whole}_bytes']} minus {NAMES[f'{part}_bytes']}"
    for kind, (whole, part) in DIFFERENCES.items()
}


def section(view: View) -> Section | None:
    """Section `memory`; None where nothing was measured."""
    if not view.measured:
        return None
    first = (
        "MB are millions of bytes. Each kind stands as it was read; where one is the difference of "
        "two, its line says of which."
    )
    blocks: list[Block] = [Prose((first,))]
    there = [n for n in NAMES if any_value(view.measured, n)]
    for group in view.measured_groups:
        if len(view.measured_groups) > 1:
            blocks.append(Heading(group.title))
        blocks.append(_table(view, group, there))
    said: list[Text] = [(Strong(NAMES[n]), f": {MEANING[n]}.") for n in there]
    for name, title in NAMES.items():
        reasons = absent_reasons(view.measured, name)
        if name not in there and reasons:
            said.append((Strong(title), f": not measured. {listing(reasons)}"))
    blocks.append(Items(tuple(said)))
    return Section("memory", "Size and memory", tuple(blocks))


def _table(view: View, group: Group, there: list[str]) -> Table:
    notes = Notes()
    rows = [
        (
            row_head(view, group, r),
            *(metric_cell(r.metrics.get(n), megabytes, notes) for n in there),
        )
        for r in group.measured
    ]
    return Table(
        caption=f"Size and memory of {group.title}",
        columns=(head_column(), *(Column(NAMES[n]) for n in there)),
        rows=tuple(rows),
        notes=notes.texts,
    )
