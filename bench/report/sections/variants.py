"""The main table: every variant of a model on a target, wrong, failed and skipped ones included."""

from __future__ import annotations

from dataclasses import replace

from bench.metrics.base import Row
from bench.metrics.format import (
    decibels,
    listing,
)
from bench.report.blocks import (
    Block,
    Cell,
    Code,
    Heading,
    Items,
    Link,
    Notes,
    Prose,
    Section,
    Strong,
    Table,
    Text,
)
from bench.report.labels import variant_label
from bench.report.recommend import number
from bench.report.sections.common import (
    any_value,
    head_column,
    number_cell,
    number_column,
    row_head,
)
from bench.report.view import Group, View

NAMES = (
    "headline", "headline_difference", "latency_p50_ms", "latency_p99_ms", "throughput_ips",
    "rss_peak_bytes", "gpu_allocated_peak_bytes", "file_bytes", "agreement",
)  # fmt: skip
SOME = ("latency_p99_ms", "gpu_allocated_peak_bytes")
"""Of them, those that have a column only where some variant has a number."""
INTERVALS = {
    "headline": "95 % interval",
    "headline_difference": "paired, 95 %",
    "latency_p50_ms": "95 %",
}
"""Of them, those with an interval, and what the head says of it."""


KNOWN = ("few processes", "not as asked")
"""Flags that the row says otherwise."""


def section(view: View) -> Section:
    """Section `variants`."""
    blocks: list[Block] = []
    several = len(view.measured_groups) > 1
    for group in view.measured_groups:
        if several:
            blocks.append(Heading(group.title))
        if group.case.model.about:
            blocks.append(Prose((group.case.model.about,)))
        if not group.case.model.trained:
            seed, label = group.case.model.seed, group.rows[0].names.label
            blocks.append(
                Prose((f"Its weights are seeded (seed {seed}), not trained: no {label} is given.",))
            )
        blocks.append(_table(view, group))
        told = _about(group)
        if told:
            blocks.append(Items(told))
    if not blocks:
        blocks.append(Prose(("No case has numbers.",)))
    return Section("variants", "Every variant, side by side", tuple(blocks))


def _table(view: View, group: Group) -> Table:
    notes, first = Notes(), group.rows[0]
    names = [n for n in NAMES if n not in SOME or any_value(group.measured, n)]
    columns = [head_column(), *(number_column(first.key(n), INTERVALS.get(n, "")) for n in names)]
    rows = []
    for row in group.rows:
        label, mark = variant_label(row.result.case.variant), notes.mark(_said(row))
        head = replace(row_head(view, row), detail=label, mark=mark)
        if row.status in {"ok", "wrong"}:
            rows.append((head, *(_cell(row, n, notes) for n in names)))
        else:
            reason = row.result.reason or "No reason was recorded."
            rows.append((head, Cell(reason, span=len(columns) - 1)))
    caption = f"Variants of {group.title}"
    return Table(caption, tuple(columns), tuple(rows), notes.texts, _foot(group))


def _cell(row: Row, name: str, notes: Notes) -> Cell:
    """Number of a row; below the agreement, the noise of the combined class map."""
    if row.result.case.is_reference and name in {"headline_difference", "agreement"}:
        return Cell("reference")
    cell = number_cell(row, name, notes, with_interval=name in INTERVALS)
    if name != "agreement":
        return cell
    noise, distance = number(row, "map_sqnr_db"), number(row, "map_relative_l2")
    if noise is not None:
        return replace(cell, detail=f"SQNR {decibels(noise)}")
    return replace(cell, detail="map identical") if distance == 0 else cell


def _said(row: Row) -> str:
    """What a reader must know of the whole row: why it is wrong, what differs, what was noted."""
    reason = f"Wrong: {row.result.reason.removesuffix('.')}." if row.status == "wrong" else ""
    said = (reason, *row.result.mismatches, *row.result.notes, _doubts(row))
    return " ".join(text for text in said if text)


def _doubts(row: Row) -> str:
    """Flags on its latency; that it comes from few processes is plain from the missing interval."""
    found = row.metrics.get("latency_flags")
    names = [n for n in (found.note.split(", ") if found and found.note else ()) if n not in KNOWN]
    return f"Flags on its latency: {listing(names)}." if names else ""


def _about(group: Group) -> tuple[Text, ...]:
    """What the suite says about its variants."""
    rows = [r for r in group.rows if r.result.case.variant.about]
    return tuple((Strong(group.label(r)), f": {r.result.case.variant.about}") for r in rows)


def _foot(group: Group) -> tuple[Text, ...]:
    """Fingerprints: one sentence where all rows share it, else one a value."""
    lines: list[Text] = []
    for kind, name in (
        ("accuracy_fingerprint", "Accuracy fingerprint"),
        ("timing_fingerprint", "Timing fingerprint"),
    ):
        found: dict[str, list[str]] = {}
        for row in group.measured:
            value = getattr(row.result, kind)
            if value:
                found.setdefault(value, []).append(group.label(row))
        if len(found) == 1:
            lines.append((f"{name} of all rows: ", Code(next(iter(found))), "."))
        else:
            for value, labels in found.items():
                lines.append((f"{name} of {listing(labels)}: ", Code(value), "."))
    if lines:
        lines.append((
            "Numbers compare only under equal fingerprints; ",
            Link("what they cover", "#limits"),
            ".",
        ))
    return tuple(lines)
