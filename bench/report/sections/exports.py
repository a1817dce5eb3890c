"""How artifacts were exported, path by path, and what their checks found."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.checked import fault
from bench.metrics.format import MISSING, listing
from bench.record.checks import Check
from bench.record.rung import Rung
from bench.report.blocks import Block, Cell, Column, Section, Table
from bench.report.sections.common import by_group, head_column, row_head, said, titled
from bench.report.view import Group, View


def section(view: View) -> Section | None:
    """Section `exports`; None where no export tells its paths and nothing was checked."""
    paths = _paths(view)
    groups = [g for g in view.measured_groups if any(r.result.get("checks") for r in g.measured)]
    if not paths and not groups:
        return None
    blocks: list[Block] = []
    if paths:
        heads = (Column("Variants", numeric=False), *map(head_column, ("Step", "Path", "Result")))
        blocks.append(Table("Export paths, in the order in which they were tried", heads, paths))
    blocks += by_group(groups, lambda group, _: _checks(view, group))
    return titled("exports", blocks)


def _paths(view: View) -> tuple[tuple[Cell, ...], ...]:
    """A row a path; variants that share an export stand together."""
    found: dict[tuple[str, str, tuple[Rung, ...]], list[str]] = {}
    for row in view.rows:
        result = row.result
        steps = [(s.name, s.rungs) for s in result.artifact.steps] if result.artifact else []
        if result.failure:
            steps.append((result.failure.step, result.failure.rungs))
        for step, rungs in steps:
            if rungs:
                names = found.setdefault((row.names.model, step, rungs), [])
                names.append(row.names.variant)
    rows = []
    for (model, step, rungs), variants in found.items():
        head = Cell(listing(list(dict.fromkeys(variants))), detail=model)
        for rung in rungs:
            rows.append((head, Cell(step), Cell(rung.name), _outcome(rung)))
            head = Cell("")
    return tuple(rows)


def _outcome(rung: Rung) -> Cell:
    return Cell("works") if rung.ok else Cell("failed", detail=rung.why)


def _checks(view: View, group: Group) -> Iterator[Block]:
    rows = [(r, found) for r in group.measured if (found := r.result.get("checks"))]
    names = list(dict.fromkeys(c.name for _, m in rows for c in m.checks))
    lines = []
    for row, found in rows:
        known = {c.name: c for c in found.checks}
        lines.append((
            row_head(view, row),
            *(_answer(row, known.get(n), found.absent) for n in names),
        ))
    heads = (head_column(), *(Column(n[:1].upper() + n[1:], numeric=False) for n in names))
    yield Table(f"{said('exports')['checks']} {group.title}", heads, tuple(lines))


def _answer(row: Row, check: Check | None, absent: str) -> Cell:
    """right, wrong, refused; what was fed; the reason below the table."""
    if check is None:
        return Cell(MISSING, note=absent or "this was not checked")
    why = fault(row.result.case, check)
    if why:
        return Cell("wrong", detail=check.asked, note=why)
    if check.outcome == "ran":
        return Cell("right", detail=check.asked, note=check.message)
    if check.outcome == "refused":
        return Cell("refused", detail=check.asked, note=check.message)
    return Cell(MISSING, note=check.message)
