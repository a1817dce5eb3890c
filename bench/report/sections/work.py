"""Work of the model and the time that it takes, by part."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.format import (
    MISSING,
    count,
    grouped,
    listing,
    plural,
    points_short,
    signed_points,
    size,
)
from bench.metrics.work import Total, instruments, shares, total
from bench.record.work import ComponentMeasurement, PartWork, WorkMeasurement
from bench.report.blocks import Block, Cell, Column, Heading, Section, Table
from bench.report.sections.common import head_column, titled
from bench.report.view import Group, View

Timed = list[tuple[Row, ComponentMeasurement]]
TIMED = 3
"""Variants whose times stand in the table: the reference first, then in the order of the plan."""


def section(view: View) -> Section | None:
    """Section `work`; None where nothing was counted."""
    models: dict[str, list[tuple[Group, WorkMeasurement]]] = {}
    for group in view.measured_groups:
        counts = (r.result.get("work") for r in group.measured)
        work = next((w for w in counts if w is not None and w.parts), None)
        if work is not None:
            models.setdefault(group.case.model.name, []).append((group, work))
    blocks: list[Block] = []
    for model, found in models.items():
        if len(models) > 1:
            blocks.append(Heading(model))
        # The count depends on the model and the size alone: one group stands for all, one with
        # times where there is one, and other sizes get a line.
        group, work = next(((g, w) for g, w in found if _timed(g)), found[0])
        others = {_size(w): w for _, w in found if _size(w) != _size(work)}
        blocks.append(_table(group, work, list(others.values())))
    return titled("work", blocks) if blocks else None


def _timed(group: Group) -> Timed:
    rows = sorted(group.measured, key=lambda r: not r.result.case.is_reference)
    found = [(r, r.result.get("components")) for r in rows]
    return [(r, c) for r, c in found if c is not None and c.parts_ns][:TIMED]


def _table(group: Group, work: WorkMeasurement, others: list[WorkMeasurement]) -> Table:
    timed = _timed(group)
    times = [shares(c) for _, c in timed]
    whole = total(work)
    rows = [(*_counts(p.name, p), *(_share(t.get(p.name)) for t in times)) for p in work.parts]
    # The runtime's own time, and that of nodes that belong to no part.
    named = {p.name for p in work.parts}
    for extra in dict.fromkeys(n for t in times for n in t if n not in named):
        blank = [Cell(MISSING)] * 3
        rows.append((Cell(_words(extra)), *blank, *(_share(t.get(extra)) for t in times)))
    if whole is not None:
        rows.append((*_counts("whole", whole), *(Cell("100.0") for _ in timed)))
    columns = (
        head_column("Part"),
        Column("Parameters"),
        Column("MACs", "10^9"),
        Column("Bytes moved"),
        *(Column(f"Time, {r.names.variant}", "%") for r, _ in timed),
    )
    caption = f"Work of one call of {group.case.model.name}: {_size(work)}"
    return Table(caption, columns, tuple(rows), tuple(_foot([work, *others], timed)))


def _counts(name: str, part: PartWork | Total) -> tuple[Cell, ...]:
    parameters, macs, moved = count(part.parameters), _giga(part.macs), size(part.bytes_moved)
    return Cell(_words(name)), Cell(parameters), Cell(macs), Cell(moved)


def _share(value: float | None) -> Cell:
    if value is None:
        return Cell(MISSING, note="no time was charged to this part")
    return Cell(points_short(value), heat=min(value, 1.0))


def _foot(works: list[WorkMeasurement], timed: Timed) -> Iterator[str]:
    if works[0].uncounted:
        calls = ", ".join(f"{name} ({n} x)" for name, n in works[0].uncounted.items())
        yield f"Operators without a rule, whose MACs are missing: {calls}."
    wholes = [(_size(w), total(w)) for w in works[1:]]
    sizes = [f"{_giga(t.macs)} for {size}" for size, t in wholes if t is not None]
    if sizes:
        yield f"Other sizes of this run, 10^9 MACs a call: {listing(sizes)}."
    for row, found in timed:
        cost = instruments(found)
        if cost is not None:
            yield (
                f"{row.names.variant}: timed by {found.how} over "
                f"{plural(len(found.whole_ns), 'call')}; the instruments changed the time of a "
                f"call by {signed_points(cost)} %."
            )


def _size(work: WorkMeasurement) -> str:
    return f"{plural(work.batch_size, 'image')} of {work.height} x {work.width}"


def _words(part: str) -> str:
    return part.replace("_", " ").replace(".", ", ")


def _giga(macs: int) -> str:
    """10^9 multiply-accumulates, three decimals below one."""
    value = macs / 1e9
    return grouped(value, 3 if value < 1 else 2 if value < 100 else 0)
