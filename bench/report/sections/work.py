"""What the model has to do, part by part, and how long each part takes."""

from __future__ import annotations

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
from bench.metrics.work import instruments, shares, total
from bench.record.work import ComponentMeasurement, PartWork, WorkMeasurement
from bench.report.blocks import Block, Cell, Column, Heading, Notes, Prose, Section, Table, Text
from bench.report.sections.common import head_column
from bench.report.view import Group, View

FIRST = (
    "Counted on the torch module, operator by operator, for one call in float32. A MAC is a "
    "multiplication with its addition: matrix products, convolutions, attention and interpolation "
    "(a tap is a MAC); additions, activations, softmax and norms are none. Bytes are the inputs, "
    "outputs and weights of every operator: what a machine without a cache would move. A part's "
    "time is its own, without that of parts within it, as a share of the whole call."
)
TIMED = 3
"""Variants whose times stand in the table: the reference first, then in the order of the plan."""


def section(view: View) -> Section | None:
    """Section `work`; None where nothing was counted."""
    models: dict[str, list[tuple[Group, WorkMeasurement]]] = {}
    for group in view.measured_groups:
        work = _work(group)
        if work is not None:
            models.setdefault(group.case.model.name, []).append((group, work))
    if not models:
        return None
    blocks: list[Block] = [Prose((FIRST,))]
    for model, found in models.items():
        if len(models) > 1:
            blocks.append(Heading(model))
        # The count depends on the model and the size alone: one group stands for all, one with
        # times where there is one, and other sizes get a line.
        group, work = next(((g, w) for g, w in found if _timed(g)), found[0])
        others = {_size(w): w for _, w in found if _size(w) != _size(work)}
        blocks.append(_table(group, work, list(others.values())))
    return Section("work", "What the model has to do", tuple(blocks))


def _work(group: Group) -> WorkMeasurement | None:
    found = (r.result.get("work") for r in group.measured)
    return next((w for w in found if w is not None and w.parts), None)


def _timed(group: Group) -> list[tuple[Row, ComponentMeasurement]]:
    rows = sorted(group.measured, key=lambda r: not r.result.case.is_reference)
    found = [(r, r.result.get("components")) for r in rows]
    return [(r, c) for r, c in found if c is not None and c.parts_ns][:TIMED]


def _table(group: Group, work: WorkMeasurement, others: list[WorkMeasurement]) -> Table:
    notes = Notes()
    timed = _timed(group)
    times = [shares(c) for _, c in timed]
    whole = total(work)
    rows = [_row(p, [t.get(p.name) for t in times], notes) for p in work.parts]
    # The runtime's own time, and that of nodes that no part can be named for.
    named = {p.name for p in work.parts}
    for extra in dict.fromkeys(n for t in times for n in t if n not in named):
        blank = [Cell(MISSING) for _ in range(3)]
        rows.append((Cell(_words(extra)), *blank, *(_share(t.get(extra), notes) for t in times)))
    if whole is not None:
        figures = (
            Cell(count(whole.parameters)),
            Cell(_giga(whole.macs)),
            Cell(size(whole.bytes_moved)),
        )
        rows.append((Cell("whole"), *figures, *(Cell("100.0") for _ in timed)))
    return Table(
        caption=f"Work of one call of {group.case.model.name}: {_size(work)}",
        columns=(
            head_column("Part"),
            Column("Parameters"),
            Column("MACs", "10^9"),
            Column("Bytes moved"),
            *(Column(f"Time, {group.label(r)}", "%") for r, _ in timed),
        ),
        rows=tuple(rows),
        notes=notes.texts,
        foot=_foot(group, [work, *others], timed),
    )


def _row(part: PartWork, times: list[float | None], notes: Notes) -> tuple[Cell, ...]:
    return (
        Cell(_words(part.name)),
        Cell(count(part.parameters)),
        Cell(_giga(part.macs)),
        Cell(size(part.bytes_moved)),
        *(_share(t, notes) for t in times),
    )


def _share(value: float | None, notes: Notes) -> Cell:
    if value is None:
        return Cell(MISSING, mark=notes.mark("no time was charged to this part"))
    return Cell(points_short(value), heat=min(value, 1.0))


def _foot(
    group: Group, works: list[WorkMeasurement], timed: list[tuple[Row, ComponentMeasurement]]
) -> tuple[Text, ...]:
    said: list[str] = []
    if works[0].uncounted:
        calls = ", ".join(f"{name} ({n} x)" for name, n in works[0].uncounted.items())
        said.append(f"Operators without a rule, whose MACs are missing: {calls}.")
    wholes = [(_size(w), total(w)) for w in works[1:]]
    sizes = [f"{_giga(t.macs)} for {size}" for size, t in wholes if t is not None]
    if sizes:
        said.append(f"Other sizes of this run, 10^9 MACs a call: {listing(sizes)}.")
    for row, found in timed:
        cost = instruments(found)
        if cost is not None:
            said.append(
                f"{group.label(row)}: timed by {found.how} over "
                f"{plural(len(found.whole_ns), 'call')}; the instruments changed the time of a "
                f"call by {signed_points(cost)} %."
            )
    return tuple((s,) for s in said)


def _size(work: WorkMeasurement) -> str:
    return f"{plural(work.batch_size, 'image')} of {work.height} x {work.width}"


def _words(part: str) -> str:
    return part.replace("_", " ").replace(".", ", ")


def _giga(macs: int) -> str:
    """10^9 multiply-accumulates, three decimals below one."""
    value = macs / 1e9
    return grouped(value, 3 if value < 1 else 2 if value < 100 else 0)
