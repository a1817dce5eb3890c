"""A run against its baseline: every verdict, in the order of the baseline's plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate import limits
from bench.gate.accuracy import accuracy
from bench.gate.latency import latency
from bench.gate.pair import Pair
from bench.gate.standing import MEASURED, standing, unknown
from bench.gate.verdict import Judgement, Verdict
from bench.metrics.rows import rows

if TYPE_CHECKING:
    from bench.record.store import Run
    from bench.spec.policy import GatePolicy

METRICS = (accuracy, limits.agreement, latency, limits.memory, limits.gpu_memory, limits.size)
"""Functions of (pair, policy) -> verdict, or None where the baseline has no such number."""


def judge(run: Run, baseline: Run) -> Judgement:
    """Judgement of a run under the baseline's policy."""
    policy = baseline.info.gate
    old = {row.id: row for row in rows(baseline)}
    new = {row.id: row for row in rows(run)}
    verdicts: list[Verdict] = []
    for case_id, before in old.items():
        now = new.get(case_id)
        verdicts.append(standing(before, now))
        if now and before.status in MEASURED and now.status in MEASURED:
            verdicts += numbers(Pair(before, now, baseline, run), policy)
    strangers = [row for case_id, row in new.items() if case_id not in old]
    verdicts += [v for row in strangers if (v := unknown(row))]
    return Judgement(
        policy=policy,
        verdicts=tuple(verdicts),
        new=tuple(row.id for row in strangers),
        notes=_notes(run, baseline),
    )


def numbers(pair: Pair, policy: GatePolicy) -> list[Verdict]:
    """Verdicts on the numbers of a case that was measured both times."""
    if pair.old.status == "wrong" and pair.new.status == "ok":
        return []  # the old numbers are another model's
    found = [v for judge_one in METRICS if (v := judge_one(pair, policy))]
    if pair.old.status == "wrong":
        return [v.model_copy(update={"blocks": False}) for v in found]
    return found


def _notes(run: Run, baseline: Run) -> tuple[str, ...]:
    notes = []
    mine, theirs = run.info.gate, baseline.info.gate
    changed = [n for n in type(mine).model_fields if getattr(mine, n) != getattr(theirs, n)]
    if changed:
        notes.append(
            f"The run's policy differs from the baseline's ({', '.join(changed)}); "
            "the baseline's rules until the run is blessed."
        )
    have = {r.case.id for r in run.results}
    if pending := [c for c in run.info.plan if c not in have]:
        notes.append(f"The run isn't finished: {len(pending)} planned cases have no result.")
    if run.info.suite != baseline.info.suite:
        notes.append(
            f"The run is of suite {run.info.suite!r}, the baseline of {baseline.info.suite!r}."
        )
    return tuple(notes)
