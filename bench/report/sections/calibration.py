"""False alarms and smallest visible change of the live gate on the machine of this run."""

from bench.report.blocks import Code, Items, Section, Text
from bench.report.sections.common import said, titled
from bench.report.view import View


def section(view: View) -> Section | None:
    """Section `calibration`; None where the machine of this run was never calibrated."""
    found = view.run.calibration()
    if found is None:
        return None
    alarms, words = found.false_alarms, said("calibration")
    share, low, high = (100 * x for x in (alarms.hits / alarms.of, alarms.low, alarms.high))
    lines: list[Text] = [
        (
            f"Self-test: {found.pairs} pairs of processes with the same code, ",
            Code(found.case),
            f", {found.measured[:10]}; a gate takes {found.gate_pairs}.",
        ),
        words["alarms"].format(share=share, low=low, high=high),
        words["smallest"].format(smallest=100 * (found.smallest - 1), threshold=found.threshold),
    ]
    if found.in_process is not None:
        lines.append(words["isolated"].format(times=found.in_process))
    return titled("calibration", [Items(tuple(lines))])
