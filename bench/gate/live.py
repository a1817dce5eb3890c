"""Latency from live pairs: a ratio over process pairs, against what this machine can tell.

Regressed is said only when the whole interval lies beyond the threshold in two looks at fresh pairs;
the second look alone gives the number, because the first was chosen for being bad. The threshold is
the policy's, or the machine's calibrated one where that is larger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.gate.limits import by_ratio
from bench.gate.verdict import LIVE, Kind, Verdict
from bench.metrics.estimate import Estimate
from bench.metrics.pairs import interval, log_ratios, sign_flip_p, smallest_change
from bench.record.calibration import Calibration
from bench.record.pairs import PairsRecord
from bench.suite.policy import GatePolicy

POWER = 0.95**0.5
"""Of one look, where a slow-down has to be called in 95 % of repeats, each of two looks."""


@dataclass(frozen=True)
class Decision:
    """What the pairs say."""

    kind: Kind
    found: Estimate
    """Ratio of candidate to baseline."""
    pairs: int
    smallest: float | None
    """Smallest slow-down, a ratio, that so many pairs with this spread show; None where unknown."""
    note: str


def judge(pairs: PairsRecord, policy: GatePolicy, calibration: Calibration | None) -> Verdict:
    """Verdict on live pairs alone; no stored run of the baseline is needed."""
    limit = policy.limit(LIVE, pairs.case)
    bound, whose = threshold(limit.bound, pairs, calibration, policy.pairs)
    first, second = looks(pairs)
    found = decide(first, second, bound)
    if pairs.load or pairs.planted:
        blocks, whose = False, f"{whose}; a study's pairs"
    else:
        blocks = limit.blocks
    return Verdict(
        case=pairs.case,
        metric=LIVE,
        kind=found.kind,
        low=found.found.low,
        high=found.found.high,
        compared="ratio",
        smallest=found.smallest if found.kind == "undecided" else None,
        why=_why(found, bound, whose, _against(pairs)),
        blocks=blocks and found.kind == "regressed",
    )


def threshold(
    bound: float, pairs: PairsRecord, calibration: Calibration | None, wanted: int
) -> tuple[float, str]:
    """Ratio beyond which a slow-down counts, and whose number that is.

    Args:
        bound: the policy's.
        pairs: what is judged.
        calibration: of some machine and code; one that doesn't fit the pairs is ignored.
        wanted: pairs of the policy's gate: with fewer, a calibration says nothing about it.
    """
    if calibration is None or calibration.machine.identity != pairs.machine.identity:
        return bound, "the policy's; this machine isn't calibrated for this code: segbench selftest"
    if calibration.code_digest != pairs.candidate_code:
        return bound, "the policy's; the calibration is of other code: segbench selftest"
    if calibration.gate_pairs < wanted:
        few = f"the calibration is for gates of {calibration.gate_pairs} pairs, not {wanted}"
        return bound, f"the policy's; {few}: segbench selftest"
    if calibration.threshold > bound:
        return calibration.threshold, "this machine's, calibrated"
    return bound, "the policy's"


def looks(pairs: PairsRecord) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Log ratios of the first look and of the second, which is empty where there was none."""
    logs = log_ratios(pairs.pairs)
    return (logs, ()) if pairs.first is None else (logs[: pairs.first], logs[pairs.first :])


def suspicious(logs: Sequence[float], bound: float) -> bool:
    """Whether a first look suggests a regression, so that a second has to follow."""
    low = interval(logs).low if logs else None
    return low is not None and low > bound


def decide(first: Sequence[float], second: Sequence[float], bound: float) -> Decision:
    """What one or two looks say; without a second look nothing is called a regression."""
    logs = second or first
    if len(logs) < 2:
        alone = interval(logs) if logs else Estimate(1.0)
        return Decision(
            "undecided", alone, len(logs), None, "fewer than two pairs give no interval"
        )
    found = interval(logs)
    smallest = smallest_change(logs, bound, POWER)
    if found.low is None or found.high is None:  # pragma: no cover - two pairs have an interval
        raise ValueError("an interval without ends")
    kind, note = by_ratio(found.low, found.high, bound), ""
    if kind == "regressed":
        p = sign_flip_p(logs)
        if not second:
            kind, note = "undecided", "suspected, and not measured again yet"
        elif not suspicious(first, bound):
            kind, note = "undecided", "the first look didn't suggest it"
        elif p is not None and p > 0.05:
            kind, note = "undecided", f"signs of the pairs disagree (p = {p:.2f})"
        else:
            note = "measured twice"
    elif second:
        note = "suspected at first, and not confirmed by fresh pairs"
        kind = "undecided" if kind == "improved" else kind
    return Decision(kind, found, len(logs), smallest, note)


def _against(pairs: PairsRecord) -> str:
    """`main (0123456789)`, or the folder of a run, which has no commit."""
    commit = pairs.baseline_commit
    return f"{pairs.baseline} ({commit[:10]})" if commit else pairs.baseline


def _why(found: Decision, bound: float, whose: str, base: str) -> str:
    got = found.found
    pairs = f"{found.pairs} live pairs with {base}"
    if got.low is None or got.high is None:
        return f"{pairs}: {found.note}"
    said = f"{got.value:.3f} times the baseline's [{got.low:.3f}, {got.high:.3f}], {pairs}"
    said += f", threshold {bound:.3f} ({whose})"
    if found.note:
        said += f"; {found.note}"
    if found.kind == "undecided" and found.smallest is not None:
        said += f"; a slow-down under {100 * (found.smallest - 1):.1f} % would not have been called"
    return said
