"""The main table: every variant of a model on a target, wrong, failed and skipped ones included."""

from collections.abc import Iterator
from dataclasses import replace

from bench.metrics.base import Row
from bench.metrics.format import decibels, listing
from bench.report.blocks import Block, Cell, Code, Items, Link, Prose, Section, Strong, Table, Text
from bench.report.labels import variant_label
from bench.report.recommend import number
from bench.report.sections.common import (
    any_value,
    by_group,
    head_column,
    number_cell,
    number_column,
    row_head,
    titled,
)
from bench.report.view import MEASURED, Group, View

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
    blocks = list(by_group(view.measured_groups, lambda group, _: _group(view, group)))
    return titled("variants", blocks or [Prose("No case has numbers.")])


def _group(view: View, group: Group) -> Iterator[Block]:
    model = group.case.model
    if model.about:
        yield Prose(model.about)
    label = group.rows[0].names.label
    if model.features:
        yield Prose(f"It gives features alone, without a head: no {label} is given.")
    if not model.trained:
        yield Prose(
            f"Its weights are seeded (seed {model.seed}), not trained: no {label} is given."
        )
    yield _table(view, group)
    about = {r.names.variant: r.result.case.variant.about for r in group.rows}
    told = tuple((Strong(name), f": {words}") for name, words in about.items() if words)
    if told:
        yield Items(told)


def _table(view: View, group: Group) -> Table:
    first = group.rows[0]
    names = [n for n in NAMES if n not in SOME or any_value(group.measured, n)]
    columns = [head_column(), *(number_column(first.key(n), INTERVALS.get(n, "")) for n in names)]
    rows = []
    for row in group.rows:
        label = variant_label(row.result.case.variant)
        head = replace(row_head(view, row), detail=label, note=_said(row))
        if row.status in MEASURED:
            rows.append((head, *(_cell(row, n) for n in names)))
        else:
            reason = row.result.reason or "No reason was recorded."
            rows.append((head, Cell(reason, span=len(columns) - 1)))
    foot = tuple(_foot(group))
    return Table(f"Variants of {group.title}", tuple(columns), tuple(rows), foot)


def _cell(row: Row, name: str) -> Cell:
    """Number of a row; below the agreement, the noise of the combined class map."""
    if row.result.case.is_reference and name in {"headline_difference", "agreement"}:
        return Cell("reference")
    cell = number_cell(row, name, with_interval=name in INTERVALS)
    if name != "agreement":
        return cell
    noise, distance = number(row, "map_sqnr_db"), number(row, "map_relative_l2")
    if noise is not None:
        return replace(cell, detail=f"SQNR {decibels(noise)}")
    return replace(cell, detail="map identical") if distance == 0 else cell


def _said(row: Row) -> str:
    """What a reader must know of the whole row: why it is wrong, what differs, what was noted."""
    reason = f"Wrong: {row.result.reason.removesuffix('.')}." if row.status == "wrong" else ""
    told = (reason, *row.result.mismatches, *row.result.notes, _doubts(row))
    return " ".join(text for text in told if text)


def _doubts(row: Row) -> str:
    """Flags on its latency; that it comes from few processes is plain from the missing interval."""
    found = row.metrics.get("latency_flags")
    names = [n for n in (found.note.split(", ") if found and found.note else ()) if n not in KNOWN]
    return f"Flags on its latency: {listing(names)}." if names else ""


def _foot(group: Group) -> Iterator[Text]:
    """Fingerprints: one sentence where all rows share it, else one a value."""
    compared = False
    for name in ("accuracy", "timing"):
        found: dict[str, list[str]] = {}
        for row in group.measured:
            value = getattr(row.result, f"{name}_fingerprint")
            if value:
                found.setdefault(value, []).append(row.names.variant)
        for value, labels in found.items():
            of = "all rows" if len(found) == 1 else listing(labels)
            yield f"{name.title()} fingerprint of {of}: ", Code(value), "."
            compared = True
    if compared:
        covered = Link("what they cover", "#limits")
        yield "Numbers compare only under equal fingerprints; ", covered, "."
