"""How sure the latencies are: within a process, between processes, and what disturbed them."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.format import count, listing, signed_points
from bench.metrics.latency import median_ns, median_ratio
from bench.metrics.pareto import SPEED
from bench.metrics.stability import flags
from bench.record.timing import TimingMeasurement
from bench.report.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Items,
    Notes,
    Prose,
    Section,
    Strong,
    Table,
    Text,
)
from bench.report.charts.processes import Line, draw
from bench.report.recommend import number
from bench.report.sections.common import (
    any_value,
    figure,
    head_column,
    number_cell,
    number_column,
    row_head,
)
from bench.report.sections.load import blocks as load_blocks
from bench.report.view import Group, View

FIRST = (
    "A process has its own luck, which all of its samples share: memory layout, threads on this core "
    "or that. So the median and its interval are over processes. The interval within one process is "
    "narrower and knows nothing of the next. The two scatters are standard deviations in percent: of "
    "the processes' medians, and of a sample within its process (robust). What a process is worth is "
    "the number of independent samples that its own amount to."
)


def section(view: View) -> Section | None:
    """Section `latency`; None where nothing was timed."""
    groups = [g for g in view.measured_groups if _timed(g)]
    if not groups:
        return None
    blocks: list[Block] = [Prose((FIRST,))]
    for index, group in enumerate(groups):
        if len(groups) > 1:
            blocks.append(Heading(group.title))
        blocks += _chart(group, index)
        blocks.append(_table(view, group))
        flagged = _flags(group)
        if flagged:
            blocks.append(Items(flagged))
        blocks += load_blocks(view, group)
        blocks += _poller(group)
    return Section("latency", "How sure the latencies are", tuple(blocks))


def _timed(group: Group) -> tuple[Row, ...]:
    return tuple(r for r in group.measured if number(r, "latency_mean_ms") is not None)


def _table(view: View, group: Group) -> Table:
    notes, rows = Notes(), _timed(group)
    energy = ["energy_image_j"] if any_value(rows, "energy_image_j") else []
    more = ["latency_between", "latency_within", "latency_worth", *energy]
    columns = (
        head_column(),
        number_column(SPEED, "95 % over processes"),
        number_column("latency_process_ms", "95 % within"),
        Column("Processes", "calls"),
        *map(number_column, more),
        Column("Stopped", numeric=False),
        number_column("latency_flags"),
    )
    cells = [
        (
            row_head(view, row),
            number_cell(row, SPEED, notes, with_interval=True),
            number_cell(row, "latency_process_ms", notes, with_interval=True),
            _processes(row),
            *(number_cell(row, n, notes) for n in more),
            Cell(_stopped(row)),
            Cell(count(int(number(row, "latency_flags") or 0))),
        )
        for row in rows
    ]
    caption = f"Processes and samples of {group.title}"
    return Table(caption, columns, tuple(cells), notes.texts)


def _timing(row: Row) -> TimingMeasurement:
    found: TimingMeasurement = row.result.get("timing")
    return found


def _processes(row: Row) -> Cell:
    """Number of processes, and of the samples of each, fewest to most."""
    sizes = sorted(len(x.end_to_end_ns) for x in _timing(row).launches if x.end_to_end_ns)
    each = count(sizes[0]) if sizes[0] == sizes[-1] else f"{count(sizes[0])} to {count(sizes[-1])}"
    return Cell(str(len(sizes)), detail=each)


def _stopped(row: Row) -> str:
    """Why the loops ended, each reason once, with the number of processes where they differ."""
    reasons = [x.stopped for x in _timing(row).launches if x.end_to_end_ns and x.stopped]
    kinds = dict.fromkeys(reasons)
    return listing([r if len(kinds) == 1 else f"{reasons.count(r)} {r}" for r in kinds])


NOT_ASKED = (
    "not as asked",
    "Set the runtime's own option (OpenVINO: precision_hint), or name the variant after what ran.",
)


def _flags(group: Group) -> tuple[Text, ...]:
    """A line for each flag: the rows that have it, each with its figure, and the advice."""
    said: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in _timed(group):
        found = [
            (f.name, f.advice, f.sentence) for f in flags(_timing(row), row.result.case.protocol)
        ]
        found += [(*NOT_ASKED, m.removesuffix(".")) for m in row.result.mismatches]
        for name, advice, sentence in found:
            rows = said.setdefault((name, advice), {})
            rows.setdefault(sentence, []).append(group.label(row))
    lines = []
    for (name, advice), rows in said.items():
        told = "; ".join(f"{listing(labels)}: {sentence}" for sentence, labels in rows.items())
        lines.append((Strong(name), f". {told}. {advice}".rstrip()))
    return tuple(lines)


def _poller(group: Group) -> list[Block]:
    """What reading the machine beside each sample cost, as it was measured in this run."""
    said = []
    for row in _timed(group):
        poller = _timing(row).poller
        if poller is None or not poller.on_ns or not poller.off_ns:
            continue
        value, low, high = median_ratio(poller.on_ns, poller.off_ns)
        ends = (
            f" ({signed_points(low - 1)} to {signed_points(high - 1)})"
            if low is not None and high is not None
            else ""
        )
        each = f", {median_ns(poller.read_ns) / 1e3:.0f} us a reading" if poller.read_ns else ""
        said.append(
            f"Reading the machine beside each sample changed the median of {group.label(row)} by "
            f"{signed_points(value - 1)} %{ends}{each}."
        )
    return [Prose((" ".join(said),))] if said else []


def _chart(group: Group, index: int) -> list[Block]:
    """Every process's median beside the case's; only where some case has several."""
    lines = []
    for row in _timed(group):
        sets = [x.end_to_end_ns for x in _timing(row).launches if x.end_to_end_ns]
        p50 = row.metrics[SPEED]
        if len(sets) > 1 and p50.value:
            ends = (p50.low / p50.value, p50.high / p50.value) if p50.low and p50.high else None
            medians = tuple(median_ns(s) / 1e6 / p50.value for s in sets)
            lines.append(Line(group.label(row), medians, ends, row.status == "wrong"))
    if not lines:
        return []
    spans = [
        f"{x.label} {signed_points(min(x.medians) - 1)} to {signed_points(max(x.medians) - 1)} %"
        for x in lines
    ]
    return [
        figure(
            "processes", index, draw(lines), f"Processes of {group.title}",
            f"Medians of the processes beside that of their case: {listing(spans)}.",
            f"Each dot is one process of {group.title}: its median beside that of its case. The bar "
            "is the 95 % interval over processes.",
        )
    ]  # fmt: skip
