"""Verdicts on a row's answers: against the suite's limits, by its checks, and by stages."""

from collections.abc import Iterable

from bench.metrics.catalog.parity import relative_l2, sqnr_db
from bench.metrics.format import decibels
from bench.record.checks import Check, ChecksMeasurement, Stage, StagesMeasurement
from bench.record.parity import OutputSums
from bench.record.result import Result
from bench.suite.case import Case

REPEATED = 1e-3
"""Relative L2 distance of a second call's outputs, of the same input, beyond which it is another answer."""
DIVERGED_DB = 20.0
"""SQNR of a stage, decibels, below which it diverges: the error is a tenth of the signal."""


def beyond(case: Case, share: float | None, sums: OutputSums | None, name: str) -> str:
    """Empty, or how far beyond the suite's limit an answer lies from that of `name`.

    Labels count where weights are trained; seeded weights give nearly flat logits, and a backbone gives
    features, so there the combined map's SQNR counts. `share` = of equal labels; `sums` = the combined map's.
    """
    limit = case.parity
    judged = not case.model.unjudged
    if judged and limit.agreement is not None and share is not None and share < limit.agreement:
        return (
            f"only {100 * share:.1f} % of labels equal those of {name} "
            f"(limit {100 * limit.agreement:g} %)"
        )
    if not judged and limit.sqnr_db is not None and sums is not None:
        ratio = sqnr_db(sums)
        if ratio is not None and ratio < limit.sqnr_db:
            return (
                f"the output's SQNR against {name} is {ratio:.1f} dB (limit {limit.sqnr_db:g} dB)"
            )
    return ""


def ruined(sums: Iterable[OutputSums]) -> str:
    """Empty, or how many values of outputs are NaN or infinite."""
    bad = sum(sum(s.non_finite) for s in sums)
    return f"{bad} output values are not finite" if bad else ""


def fault(case: Case, check: Check) -> str:
    """Empty, or what is wrong with the answer that a check got."""
    if check.outcome != "ran":
        return ""
    if check.repeats_first:
        return "the first image's answer is given again"
    if check.missing:
        return f"images without an answer of the model's shape: {check.missing}"
    if bad := ruined(check.outputs.values()):
        return bad
    if check.name == "second call":
        far = max((relative_l2(s) or 0.0 for s in check.outputs.values()), default=0.0)
        return (
            f"the same input has another answer (relative L2 {far:.2g})" if far > REPEATED else ""
        )
    share = check.equal / check.total if check.total else None
    return beyond(case, share, check.outputs.get("map"), "the model itself")


def failed(row: Result) -> str:
    """Empty, or the first check of a row whose answer is wrong, and how."""
    found: ChecksMeasurement | None = row.get("checks")
    for check in found.checks if found else ():
        if why := fault(row.case, check):
            return f"{check.name} ({check.asked}): {why}"
    return ""


def diverges(row: Result) -> str:
    """Empty, or the first stage of a row that diverges, with the ratio of the stage before."""
    found: StagesMeasurement | None = row.get("stages")
    if found is None or not found.stages:
        return ""
    before: tuple[Stage, float] | None = None
    for stage in found.stages:
        ratio = sqnr_db(stage.sums)
        if ratio is None:
            continue
        if ratio < DIVERGED_DB or any(stage.sums.non_finite):
            after = f"; before it, {before[0].name}: {decibels(before[1])}" if before else ""
            return f"the first stage that diverges is {stage.name} (SQNR {decibels(ratio)}{after})"
        before = stage, ratio
    return f"no stage's SQNR lies below {DIVERGED_DB:g} dB"
