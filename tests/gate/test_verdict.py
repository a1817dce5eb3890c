from __future__ import annotations

import pytest

from bench.gate.verdict import KINDS, Judgement, Verdict, measuring
from bench.suite.policy import GatePolicy


def judged(*verdicts: tuple[str, str, bool], **more) -> Judgement:
    made = tuple(Verdict(case="a", metric=m, kind=k, why="", blocks=b) for m, k, b in verdicts)
    return Judgement(policy=GatePolicy(), verdicts=made, **more)


@pytest.mark.parametrize(
    ("verdicts", "more", "outcome"),
    [
        ([], {}, "nothing measured"),
        (
            [("status", "unchanged", False), ("file_bytes", "unchanged", False)],
            {},
            "nothing measured",
        ),
        (
            [("miou", "incomparable", False), ("file_bytes", "regressed", False)],
            {},
            "nothing measured",
        ),
        ([("status", "missing", True)], {}, "nothing measured"),
        ([("status", "regressed", True)], {}, "closed"),
        ([("iou.bus", "unchanged", False)], {}, "open"),
        ([("latency_live", "undecided", False)], {}, "open"),
        ([("miou", "unchanged", False), ("file_bytes", "regressed", True)], {}, "closed"),
        ([("file_bytes", "unchanged", False)], {"metric": "file*"}, "open"),
        ([("iou.bus", "incomparable", False)], {"metric": "iou.b*"}, "nothing measured"),
        ([("status", "unchanged", False)], {"metric": "status"}, "open"),
        ([("status", "missing", True)], {"metric": "status"}, "nothing measured"),
        ([("miou", "unchanged", False)], {"live": "main"}, "nothing measured"),
        ([("miou", "unchanged", False)], {"live": "main", "metric": "miou"}, "open"),
        ([("miou", "regressed", True)], {"live": "main"}, "closed"),
        ([("latency_live", "unchanged", False)], {"live": "main"}, "open"),
    ],
)
def test_a_gate_that_compared_nothing_is_never_open(verdicts, more, outcome):
    found = judged(*verdicts, **more)
    assert found.outcome == outcome
    assert outcome.split()[-1] in found.sentence


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [("*", True), ("miou", True), ("iou.*", True), ("iou.bus", True), ("latency*", True),
     ("pq", True), ("pq.bus", True), ("file_bytes", False), ("status", False), ("*_bytes", True)],
)  # fmt: skip
def test_which_patterns_ask_for_a_measurement(pattern, answer):
    assert measuring(pattern) is answer


def test_every_kind_is_counted():
    assert tuple(judged().counts) == KINDS
