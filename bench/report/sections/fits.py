"""The largest batch and image that run under limits of memory."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.format import MISSING, count
from bench.record.memory import Fit, FitsMeasurement
from bench.report.blocks import Block, Cell, Column, Heading, Notes, Prose, Section, Table
from bench.report.sections.common import head_column, row_head
from bench.report.view import Group, View

GIB = 2**30
FIRST = (
    "Found by doubling and bisection, each size in a process of its own that may die: random 8-bit "
    "images go through pre-processing, model and post-processing twice. A size fits when the "
    "process lives and its highest memory (the resident set with interpreter and runtime; on a GPU "
    "the larger of NVML's figure and the allocator's mark) stays under the limit. The largest image "
    "is sought at batch size 1 and in the aspect of the case's own."
)


def section(view: View) -> Section | None:
    """Section `fits`; None where nothing was sought."""
    groups = [g for g in view.measured_groups if any(_of(r) for r in g.measured)]
    if not groups:
        return None
    blocks: list[Block] = [Prose((FIRST,))]
    for group in groups:
        if len(groups) > 1:
            blocks.append(Heading(group.title))
        blocks.append(_table(view, group))
    return Section("fits", "What fits into memory", tuple(blocks))


def _of(row: Row) -> FitsMeasurement | None:
    found: FitsMeasurement | None = row.result.get("fits")
    return found


def _table(view: View, group: Group) -> Table:
    notes = Notes()
    rows = [(r, found) for r in group.measured if (found := _of(r))]
    limits = dict.fromkeys((f.memory, f.limit_bytes) for _, m in rows for f in m.fits)
    shown = []
    for row, found in rows:
        by_limit = {(f.memory, f.limit_bytes): f for f in found.fits}
        cells = [
            cell
            for limit in limits
            for cell in _cells(by_limit.get(limit), found.absent or "this wasn't sought", notes)
        ]
        shown.append((row_head(view, row), *cells))
    heads = [
        Column(f"{what}, {_gib(size)}{'' if memory == 'main' else ' of GPU memory'}")
        for memory, size in limits
        for what in ("Batch", "Image")
    ]
    return Table(
        caption=f"Largest batch and image of {group.title}",
        columns=(head_column(), *heads),
        rows=tuple(shown),
        notes=notes.texts,
    )


def _cells(fit: Fit | None, absent: str, notes: Notes) -> tuple[Cell, Cell]:
    """Largest batch, and largest image as height x width."""
    if fit is None:
        mark = notes.mark(absent)
        return Cell(MISSING, mark=mark), Cell(MISSING, mark=mark)
    nothing = notes.mark(fit.reason or "not even one image fits")
    batch, image = Cell(MISSING, mark=nothing), Cell(MISSING, mark=nothing)
    if fit.largest_batch is not None:
        batch = Cell(
            _at_least(count(fit.largest_batch), bound=fit.batch_bound), mark=_why(fit, notes)
        )
    if fit.largest_image is not None:
        words = " x ".join(str(side) for side in fit.largest_image)
        image = Cell(_at_least(words, bound=fit.image_bound), mark=_why(fit, notes))
    return batch, image


def _why(fit: Fit, notes: Notes) -> str:
    return notes.mark(fit.reason)


def _at_least(words: str, *, bound: bool) -> str:
    """The search has an end of its own; what lies beyond it nobody tried."""
    return f"\N{GREATER-THAN OR EQUAL TO} {words}" if bound else words


def _gib(size: int) -> str:
    return f"{size / GIB:.3g} GiB"
