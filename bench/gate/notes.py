"""What a reader of a judgement must know beside its verdicts: nothing is switched off in silence."""

from collections.abc import Iterator, Sequence

from bench.gate.verdict import Verdict
from bench.record.store import Run
from bench.suite.policy import GATED, GatePolicy


def scope(only: str, metric: str) -> Iterator[str]:
    """What the caller left out."""
    if only != "*":
        yield f"Only cases that match {only!r} were judged."
    if metric != "*":
        yield f"Only metrics that match {metric!r} were judged."


def differences(run: Run, baseline: Run | None) -> Iterator[str]:
    """How the two runs differ as wholes."""
    if run.pending:
        yield f"The run isn't finished: {len(run.pending)} planned cases have no result."
    if baseline is None:
        yield "There is no baseline: live pairs alone were judged, by the run's own policy."
        return
    mine, theirs = run.info.gate, baseline.info.gate
    changed = [n for n in type(mine).model_fields if getattr(mine, n) != getattr(theirs, n)]
    if changed:
        yield (
            f"The run's policy differs from the baseline's ({', '.join(changed)}); "
            "the baseline's rules until the run is blessed."
        )
    if run.info.suite != baseline.info.suite:
        yield f"The run is of suite {run.info.suite!r}, the baseline of {baseline.info.suite!r}."


def rules(policy: GatePolicy, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What the policy lets pass: limits that are off, and rules that never block."""
    for name in dict.fromkeys(scalar for _, scalar in GATED.values() if scalar):
        if getattr(policy, name) is None:
            yield f"The policy has no {name}: what it would limit informs and never blocks."
    for i, rule in enumerate(policy.rule, 1):
        if rule.blocks is not False:
            continue
        free = [
            v
            for v in verdicts
            if rule.covers(v.metric, v.case) and not policy.limit(v.metric, v.case).blocks
        ]
        bad = sum(v.kind in {"regressed", "missing"} for v in free)
        yield (
            f"Rule {i} of the policy: {rule.metric} of {rule.case} informs and never blocks "
            f"({len(free)} verdicts, {bad} of them regressed or missing)."
        )
