"""Where a variant's labels differ from the reference's, and at which stage it begins to."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.metrics.base import Row
from bench.metrics.catalog.parity import relative_l2, sqnr_db
from bench.metrics.checked import DIVERGED_DB
from bench.metrics.flips import Bins, Tables, flips
from bench.metrics.format import MISSING, decibels
from bench.report.blocks import Block, Cell, Column, Section, Table
from bench.report.sections.common import by_group, head_column, row_head, titled
from bench.report.view import Group, View

PAIRS = 3
"""Pairs of classes that the card names of each variant."""


def section(view: View) -> Section | None:
    """Section `differences`; None where no label differs and no stages were compared."""
    groups = [g for g in view.measured_groups if _flipped(view, g) or _staged(g)]
    if not groups:
        return None
    return titled("differences", by_group(groups, lambda group, _: _group(view, group)))


def _flipped(view: View, group: Group) -> list[tuple[Row, Tables]]:
    folder = view.run.folder / "cases"
    found = [(r, _tables(folder, r)) for r in group.measured]
    return [(r, t) for r, t in found if t is not None and t.pairs]


def _tables(folder: Path, row: Row) -> Tables | None:
    found = row.result.get("flips")
    return None if found is None else flips(folder, found)


def _staged(group: Group) -> list[Row]:
    return [r for r in group.measured if (m := r.result.get("stages")) and m.stages]


def _group(view: View, group: Group) -> Iterator[Block]:
    rows = _flipped(view, group)
    if rows:
        reference = rows[0][0].result.get("flips").reference
        caption = f"Labels of {group.title} that differ from those of {reference}"
        yield _binned(
            view,
            f"{caption}, by distance to a boundary, pixels",
            [(r, t.distance) for r, t in rows],
        )
        sure = [(r, t.margin) for r, t in rows if t.margin.pixels.sum()]
        if sure:
            yield _binned(view, f"{caption}, by the reference's margin", sure)
        yield _pairs(view, f"{caption}: commonest changes", rows)
    staged = _staged(group)
    if staged:
        yield _stages(view, group, staged)


def _binned(view: View, caption: str, rows: Sequence[tuple[Row, Bins]]) -> Table:
    """A column a bin: the share of its pixels whose label differs, and the share of all that differ."""
    edges = rows[0][1].edges
    names = [
        f"below {edges[0]:g}",
        *(f"{a:g} to {b:g}" for a, b in itertools.pairwise(edges)),
        f"{edges[-1]:g} and more",
    ]
    heads = (head_column(), Column("All", "%"), *(Column(n, "%") for n in names))
    lines = []
    for row, bins in rows:
        total = int(bins.flips.sum())
        whole = _share(total, int(bins.pixels.sum()))
        cells = [
            Cell(_share(f, n), detail=f"{_share(f, total)} % of them")
            if n
            else Cell(MISSING, note="no pixel lies there")
            for f, n in zip(bins.flips.tolist(), bins.pixels.tolist(), strict=True)
        ]
        lines.append((row_head(view, row), Cell(whole), *cells))
    return Table(caption, heads, tuple(lines))


def _pairs(view: View, caption: str, rows: Sequence[tuple[Row, Tables]]) -> Table:
    heads = (head_column(), *(Column("", numeric=False) for _ in range(PAIRS)))
    lines = []
    for row, tables in rows:
        total = int(tables.distance.flips.sum())
        cells = [
            Cell(f"{a} → {b}", detail=f"{_share(n, total)} %") for a, b, n in tables.pairs[:PAIRS]
        ]
        lines.append((row_head(view, row), *cells, *[Cell("")] * (PAIRS - len(cells))))
    return Table(caption, heads, tuple(lines))


def _stages(view: View, group: Group, rows: Sequence[Row]) -> Table:
    names = list(dict.fromkeys(s.name for r in rows for s in r.result.get("stages").stages))
    lines = []
    for row in rows:
        known = {s.name: s.sums for s in row.result.get("stages").stages}
        cells = []
        for name in names:
            sums = known.get(name)
            ratio = None if sums is None else sqnr_db(sums)
            if sums is None or ratio is None:
                cells.append(Cell(MISSING, note="this variant has no such stage, or it is zero"))
                continue
            far = relative_l2(sums)
            badge = "wrong" if ratio < DIVERGED_DB else ""
            cells.append(Cell(decibels(ratio), detail=f"{far:.1g}", badge=badge))
        lines.append((row_head(view, row), *cells))
    heads = (head_column(), *(Column(n, "SQNR, relative L2", vertical=True) for n in names))
    return Table(f"Stages of {group.title}", heads, tuple(lines))


def _share(part: int, whole: int) -> str:
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"
