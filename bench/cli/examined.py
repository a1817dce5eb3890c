"""What `segbench export --check` prints of an artifact: export paths, checks, stages."""

from collections.abc import Iterator

from bench.cli.table import NOTHING, aligned
from bench.metrics.catalog.parity import relative_l2, sqnr_db
from bench.metrics.checked import fault
from bench.metrics.format import decibels
from bench.record.checks import Check
from bench.record.result import Result
from bench.suite.case import Case

Lines = list[tuple[str, ...]]


def tables(row: Result) -> Iterator[str]:
    """Lines: a table each of the paths, the checks and the stages, as far as there were such."""
    for head, lines in (
        (("step", "path", "result", "seconds", "why"), _paths(row)),
        (("check", "answer", "fed", "labels", "why"), _checks(row)),
        (("stage", "SQNR", "relative L2"), _stages(row)),
    ):
        if lines:
            yield from aligned([head, *lines], len(head))
            yield ""
    if row.status == "wrong":
        yield f"Wrong: {row.reason}."


def _paths(row: Result) -> Lines:
    steps = [(s.name, s.rungs) for s in row.artifact.steps] if row.artifact else []
    if row.failure:
        steps.append((NOTHING, row.failure.rungs))
    return [
        (name, r.name, "works" if r.ok else "failed", f"{r.wall_s:.1f}", r.why if not r.ok else "")
        for name, rungs in steps
        for r in rungs
    ]


def _checks(row: Result) -> Lines:
    found = row.get("checks")
    if found is None:
        return []
    if found.absent:
        return [(NOTHING, "absent", NOTHING, NOTHING, found.absent)]
    return [(c.name, *answered(row.case, c)) for c in found.checks]


def answered(case: Case, check: Check) -> tuple[str, str, str, str]:
    """right, WRONG, refused or absent; what was fed; share of equal labels; why."""
    why = fault(case, check)
    answer = check.outcome if check.outcome != "ran" else "WRONG" if why else "right"
    share = f"{100 * check.equal / check.total:.2f} %" if check.total else NOTHING
    return answer, check.asked or NOTHING, share, why or check.message


def _stages(row: Result) -> Lines:
    found = row.get("stages")
    if found is None:
        return []
    if found.absent:
        return [(found.absent, "", "")]
    lines: Lines = []
    for stage in found.stages:
        ratio, far = sqnr_db(stage.sums), relative_l2(stage.sums)
        words = NOTHING if ratio is None else decibels(ratio)
        lines.append((stage.name, words, NOTHING if far is None else f"{far:.2g}"))
    return lines
