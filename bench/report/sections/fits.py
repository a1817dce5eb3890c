"""The largest batch and image that run under limits of memory."""

from itertools import chain

from bench.metrics.format import MISSING, count, size
from bench.record.memory import Fit
from bench.report.blocks import Cell, Column, Section, Table
from bench.report.sections.common import by_group, head_column, row_head, titled
from bench.report.view import Group, View

AT_LEAST = "\N{GREATER-THAN OR EQUAL TO} "
"""Before a size at which the search ended without a larger one that failed."""


def section(view: View) -> Section | None:
    """Section `fits`; None where nothing was sought."""
    groups = [g for g in view.measured_groups if any(r.result.get("fits") for r in g.measured)]
    if not groups:
        return None
    return titled("fits", by_group(groups, lambda group, _: [_table(view, group)]))


def _table(view: View, group: Group) -> Table:
    rows = [(r, found) for r in group.measured if (found := r.result.get("fits"))]
    limits = dict.fromkeys((f.memory, f.limit_bytes) for _, m in rows for f in m.fits)
    lines = []
    for row, found in rows:
        fits = {(f.memory, f.limit_bytes): f for f in found.fits}
        cells = (_cells(fits.get(limit), found.absent) for limit in limits)
        lines.append((row_head(view, row), *chain.from_iterable(cells)))
    heads = [
        Column(f"{what}, {size(limit)}{'' if memory == 'main' else ' of GPU memory'}")
        for memory, limit in limits
        for what in ("Batch", "Image")
    ]
    caption = f"Largest batch and image of {group.title}"
    return Table(caption, (head_column(), *heads), tuple(lines))


def _cells(fit: Fit | None, absent: str) -> tuple[Cell, Cell]:
    """Largest batch, and largest image as height x width."""
    if fit is None:
        none = Cell(MISSING, note=absent or "this wasn't sought")
        return none, none
    batch = image = Cell(MISSING, note=fit.reason or "not even one image fits")
    if fit.largest_batch is not None:
        words = count(fit.largest_batch)
        batch = Cell(AT_LEAST + words if fit.batch_bound else words, note=fit.reason)
    if fit.largest_image is not None:
        words = " x ".join(map(str, fit.largest_image))
        image = Cell(AT_LEAST + words if fit.image_bound else words, note=fit.reason)
    return batch, image
