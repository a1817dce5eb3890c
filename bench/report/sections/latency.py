"""Uncertainty of the latencies: within a process, between processes, and disturbances."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.format import count, listing, signed_points
from bench.metrics.latency import median_ns, median_ratio
from bench.metrics.pareto import SPEED
from bench.metrics.stability import flags
from bench.record.timing import Launch, TimingMeasurement
from bench.report.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Items,
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
    by_group,
    figure,
    head_column,
    number_cell,
    number_column,
    row_head,
    titled,
)
from bench.report.sections.load import blocks as load_blocks
from bench.report.view import Group, View

NOT_ASKED = (
    "not as asked",
    "Set the runtime's own option (OpenVINO: precision_hint), or name the variant after what ran.",
)
Timed = list[tuple[Row, TimingMeasurement]]


def section(view: View) -> Section | None:
    """Section `latency`; None where nothing was timed."""
    groups = [g for g in view.measured_groups if _timed(g)]
    if not groups:
        return None
    return titled("latency", by_group(groups, lambda group, i: _group(view, group, i)))


def _group(view: View, group: Group, index: int) -> Iterator[Block]:
    timed = _timed(group)
    lines = [line for row, timing in timed if (line := _line(row, timing))]
    if lines:
        yield _figure(group, lines, index)
    yield _table(view, group, timed)
    flagged = _flags(timed)
    if flagged:
        yield Items(flagged)
    yield from load_blocks(view, group)
    read = " ".join(words for row, timing in timed if (words := _poller(row, timing)))
    if read:
        yield Prose(read)


def _timed(group: Group) -> Timed:
    rows = (r for r in group.measured if number(r, "latency_mean_ms") is not None)
    return [(r, r.result.get("timing")) for r in rows]


def _launches(timing: TimingMeasurement) -> list[Launch]:
    """Launches that have samples."""
    return [x for x in timing.launches if x.end_to_end_ns]


def _table(view: View, group: Group, timed: Timed) -> Table:
    energy = ["energy_image_j"] if any_value((r for r, _ in timed), "energy_image_j") else []
    more = ["latency_between", "latency_within", "latency_worth", *energy]
    columns = (
        head_column(),
        number_column(SPEED, "95 % over processes"),
        number_column("latency_process_ms", "95 % within"),
        Column("Processes", "calls"),
        *map(number_column, more),
        head_column("Stopped"),
        number_column("latency_flags"),
    )
    cells = [
        (
            row_head(view, row),
            number_cell(row, SPEED, with_interval=True),
            number_cell(row, "latency_process_ms", with_interval=True),
            _processes(timing),
            *(number_cell(row, n) for n in more),
            Cell(_stopped(timing)),
            Cell(count(int(number(row, "latency_flags") or 0))),
        )
        for row, timing in timed
    ]
    return Table(f"Processes and samples of {group.title}", columns, tuple(cells))


def _processes(timing: TimingMeasurement) -> Cell:
    """Number of processes, and of the samples of each, fewest to most."""
    sizes = sorted(len(x.end_to_end_ns) for x in _launches(timing))
    ends = dict.fromkeys((count(sizes[0]), count(sizes[-1])))
    return Cell(str(len(sizes)), detail=" to ".join(ends))


def _stopped(timing: TimingMeasurement) -> str:
    """Why the loops ended, each reason once, with the number of processes where they differ."""
    reasons = [x.stopped for x in _launches(timing) if x.stopped]
    kinds = dict.fromkeys(reasons)
    return listing([r if len(kinds) == 1 else f"{reasons.count(r)} {r}" for r in kinds])


def _flags(timed: Timed) -> tuple[Text, ...]:
    """A line for each flag: the rows that have it, each with its figure, and the advice."""
    told: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row, timing in timed:
        raised = flags(timing, row.result.case.protocol)
        found = [((f.name, f.advice), f.sentence) for f in raised]
        found += [(NOT_ASKED, m.removesuffix(".")) for m in row.result.mismatches]
        for flag, sentence in found:
            told.setdefault(flag, {}).setdefault(sentence, []).append(row.names.variant)
    lines = []
    for (name, advice), rows in told.items():
        which = "; ".join(f"{listing(labels)}: {sentence}" for sentence, labels in rows.items())
        lines.append((Strong(name), f". {which}. {advice}".rstrip()))
    return tuple(lines)


def _poller(row: Row, timing: TimingMeasurement) -> str:
    """What reading the machine beside each sample cost, as it was measured in this run."""
    poller = timing.poller
    if poller is None or not poller.on_ns or not poller.off_ns:
        return ""
    value, low, high = median_ratio(poller.on_ns, poller.off_ns)
    ends = ""
    if low is not None and high is not None:
        ends = f" ({signed_points(low - 1)} to {signed_points(high - 1)})"
    each = f", {median_ns(poller.read_ns) / 1e3:.0f} us a reading" if poller.read_ns else ""
    return (
        f"Reading the machine beside each sample changed the median of {row.names.variant} by "
        f"{signed_points(value - 1)} %{ends}{each}."
    )


def _line(row: Row, timing: TimingMeasurement) -> Line | None:
    """Every process's median beside the case's; None where there is only one."""
    sets, p50 = [x.end_to_end_ns for x in _launches(timing)], row.metrics[SPEED]
    if len(sets) < 2 or not p50.value:
        return None
    ends = (p50.low / p50.value, p50.high / p50.value) if p50.low and p50.high else None
    medians = tuple(median_ns(s) / 1e6 / p50.value for s in sets)
    return Line(row.names.variant, medians, ends, row.status == "wrong")


def _figure(group: Group, lines: list[Line], index: int) -> Figure:
    spans = [
        f"{x.label} {signed_points(min(x.medians) - 1)} to {signed_points(max(x.medians) - 1)} %"
        for x in lines
    ]
    return figure(
        "processes", index, draw(lines), f"Processes of {group.title}",
        f"Medians of the processes beside that of their case: {listing(spans)}.",
        f"Each dot is one process of {group.title}: its median beside that of its case. The bar "
        "is the 95 % interval over processes.",
    )  # fmt: skip
