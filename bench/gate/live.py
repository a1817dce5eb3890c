"""Latency from live pairs: a ratio over process pairs, against what this machine can tell.

Regressed is said only when the whole interval lies beyond the threshold in two looks at fresh pairs;
the second look alone gives the number, because the first was chosen for being bad. The threshold is
the policy's, or the machine's calibrated one where that is larger.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bench.gate.limits import by_ratio
from bench.gate.verdict import LIVE, Kind, Verdict
from bench.metrics.estimate import Estimate
from bench.metrics.pairs import interval, log_ratios, sign_flip_p, smallest_change
from bench.record.calibration import Calibration
from bench.record.pairs import PairsRecord
from bench.suite.policy import GatePolicy

POWER = 0.95**0.5
"""Of one look, where a slow-down has to be called in 95 % of repeats, each of two looks."""


class Decision(NamedTuple):
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
    blocks = limit.blocks
    if pairs.load or pairs.planted:
        blocks, whose = False, f"{whose}; a study's pairs"
    return Verdict(
        case=pairs.case,
        metric=LIVE,
        kind=found.kind,
        low=found.found.low,
        high=found.found.high,
        compared="ratio",
        smallest=found.smallest if found.kind == "undecided" else None,
        why=_why(found, bound, whose, pairs),
        blocks=blocks and found.kind == "regressed",
    )


def threshold(
    bound: float, pairs: PairsRecord, calibration: Calibration | None, wanted: int
) -> tuple[float, str]:
    """Ratio beyond which a slow-down counts, and whose number that is.

    `bound` is the policy's. A calibration of another machine or other code is ignored, and one of gates
    of fewer pairs than `wanted`, those of the policy's gate, about which it says nothing.
    """
    unfit = ""
    if calibration is None or calibration.machine.identity != pairs.machine.identity:
        unfit = "this machine isn't calibrated for this code"
    elif calibration.code_digest != pairs.candidate_code:
        unfit = "the calibration is of other code"
    elif calibration.gate_pairs < wanted:
        unfit = f"the calibration is for gates of {calibration.gate_pairs} pairs, not {wanted}"
    if calibration is None or unfit:
        return bound, f"the policy's; {unfit}: segbench selftest"
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
    found = interval(logs) if logs else Estimate(1.0)
    if found.low is None or found.high is None:
        few = "fewer than two pairs give no interval"
        return Decision("undecided", found, len(logs), None, few)
    smallest = smallest_change(logs, bound, POWER)
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


def _why(found: Decision, bound: float, whose: str, pairs: PairsRecord) -> str:
    got, commit = found.found, pairs.baseline_commit  # a run's folder has no commit
    base = f"{pairs.baseline} ({commit[:10]})" if commit else pairs.baseline
    beside = f"{found.pairs} live pairs with {base}"
    if got.low is None or got.high is None:
        return f"{beside}: {found.note}"
    said = f"{got.value:.3f} times the baseline's [{got.low:.3f}, {got.high:.3f}], {beside}"
    said += f", threshold {bound:.3f} ({whose})"
    if found.note:
        said += f"; {found.note}"
    if found.kind == "undecided" and found.smallest is not None:
        said += f"; a slow-down under {100 * (found.smallest - 1):.1f} % would not have been called"
    return said
