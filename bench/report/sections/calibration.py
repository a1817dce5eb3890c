"""What the live gate can tell on the machine of this run."""

from __future__ import annotations

from bench.record.calibration import Calibration
from bench.report.blocks import Code, Items, Section, Text
from bench.report.view import View


def section(view: View) -> Section | None:
    """Section `calibration`; None where the machine of this run was never calibrated."""
    found = view.run.calibration()
    return None if found is None else Section("calibration", "The live gate here", (_items(found),))


def _items(found: Calibration) -> Items:
    alarms = found.false_alarms
    share, low, high = (100 * x for x in (alarms.hits / alarms.of, alarms.low, alarms.high))
    lines: list[Text] = [
        (
            f"Self-test: {found.pairs} pairs of processes with the same code, ",
            Code(found.case),
            f", {found.measured[:10]}; a gate takes {found.gate_pairs}.",
        ),
        (
            (
                f"False alarms: {share:.1f} % of gates drawn from these pairs "
                f"(95 % interval {low:.0f} to {high:.0f} %; a suspicion is measured twice). The same "
                "pairs set the threshold, so that it is at most 1 % by construction."
            ),
        ),
        (
            (
                f"Smallest slow-down that 95 % of gates show: {100 * (found.smallest - 1):.1f} %; the "
                f"machine's own threshold is {found.threshold:.3f}."
            ),
        ),
    ]
    if found.in_process is not None:
        lines.append((
            (
                f"A session in a process of its own takes {found.in_process:.3f} times what it takes in "
                "the caller's process."
            ),
        ))
    return Items(tuple(lines))
