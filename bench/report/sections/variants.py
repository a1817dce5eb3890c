"""The main table: every form of a model on a target, wrong, failed and skipped ones included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bench.metrics.stability import flags
from bench.report.blocks import (
    Cell,
    Code,
    Column,
    Heading,
    Items,
    Link,
    Notes,
    Prose,
    Section,
    Strong,
    Table,
)
from bench.report.format import (
    decibels,
    listing,
    megabytes,
    milliseconds,
    percent,
    points,
    rate,
    signed_points,
)
from bench.report.recommend import number
from bench.report.sections.common import any_value, head_column, metric_cell, row_head

if TYPE_CHECKING:
    from bench.metrics.base import Row
    from bench.report.blocks import Block, Text
    from bench.report.view import Group, View

COLUMNS = (
    Column("Difference", "points, paired, 95 %"),
    Column("p50", "ms, 95 %"),
    Column("Images/s"),
    Column("Memory", "peak resident"),
    Column("File"),
    Column("Agreement", "labels; SQNR"),
)


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
    return Section("variants", "Every form, side by side", tuple(blocks))


def _table(view: View, group: Group) -> Table:
    notes = Notes()
    gpu = any_value(group.measured, "gpu_allocated_peak_bytes")
    tail = any_value(group.measured, "latency_p99_ms")
    accuracy = Column(group.rows[0].names.label, "%, 95 % interval")
    columns = [head_column(), accuracy, *COLUMNS]
    if gpu:
        columns.insert(columns.index(COLUMNS[3]) + 1, Column("GPU memory", "allocated, peak"))
    if tail:
        columns.insert(columns.index(COLUMNS[1]) + 1, Column("p99", "ms"))
    rows = []
    for row in group.rows:
        head = replace(row_head(view, group, row), mark=notes.mark(_said(row)))
        if row.status in {"ok", "wrong"}:
            rows.append((head, *_numbers(row, notes, gpu=gpu, tail=tail)))
        else:
            reason = row.result.reason or "No reason was recorded."
            rows.append((head, Cell(reason, span=len(columns) - 1)))
    return Table(
        caption=f"Forms of {group.title}",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=notes.texts,
        foot=_foot(group),
    )


def _numbers(row: Row, notes: Notes, *, gpu: bool, tail: bool) -> list[Cell]:
    m = row.metrics
    if row.result.case.is_reference:
        difference = Cell("reference")
    else:
        difference = metric_cell(
            row.metric("headline_difference"), signed_points, notes, with_interval=True
        )
    return [
        metric_cell(row.metric("headline"), points, notes, with_interval=True),
        difference,
        metric_cell(m.get("latency_p50_ms"), milliseconds, notes, with_interval=True),
        *([metric_cell(m.get("latency_p99_ms"), milliseconds, notes)] if tail else []),
        metric_cell(m.get("throughput_ips"), rate, notes),
        metric_cell(m.get("rss_peak_bytes"), megabytes, notes),
        *([metric_cell(m.get("gpu_allocated_peak_bytes"), megabytes, notes)] if gpu else []),
        metric_cell(m.get("file_bytes"), megabytes, notes),
        _agreement(row, notes),
    ]


def _said(row: Row) -> str:
    """What a reader must know of the whole row: why it is wrong, what differs, what was noted."""
    reason = f"Wrong: {row.result.reason.removesuffix('.')}." if row.status == "wrong" else ""
    said = (reason, *row.result.mismatches, *row.result.notes, _doubts(row))
    return " ".join(text for text in said if text)


def _doubts(row: Row) -> str:
    """Flags on its latency; that it comes from few processes is plain from the missing interval."""
    timing = row.result.get("timing")
    found = flags(timing, row.result.case.protocol) if timing else ()
    names = [f.name for f in found if f.name != "few processes"]
    return f"Flags on its latency: {listing(names)}." if names else ""


def _about(group: Group) -> tuple[Text, ...]:
    """What the suite says about its variants."""
    rows = [r for r in group.rows if r.result.case.variant.about]
    return tuple((Strong(group.label(r)), f": {r.result.case.variant.about}") for r in rows)


def _agreement(row: Row, notes: Notes) -> Cell:
    """Share of equal labels, and the noise of the combined class map below it."""
    if row.result.case.is_reference:
        return Cell("reference")
    cell = metric_cell(row.metrics.get("agreement"), percent, notes)
    noise, distance = number(row, "map_sqnr_db"), number(row, "map_relative_l2")
    if noise is not None:
        return replace(cell, detail=decibels(noise))
    return replace(cell, detail="map identical") if distance == 0 else cell


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
