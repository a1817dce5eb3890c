from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from bench.gate.judge import judge
from bench.gate.junit import junit
from bench.gate.verdict import KINDS, Judgement, Verdict
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, build_run, with_rows

# Of junit-10.xsd: element -> (required attributes, other attributes, children).
SCHEMA = {
    "testsuites": (
        set(),
        {"name", "time", "tests", "failures", "errors", "disabled"},
        {"testsuite"},
    ),
    "testsuite": (
        {"name"},
        {
            "tests",
            "failures",
            "errors",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
        },
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"name"},
        {"assertions", "time", "classname", "status"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}


def valid(text: bytes) -> ET.Element:
    root = ET.fromstring(text)  # noqa: S314 - it was written a line ago
    assert root.tag == "testsuites"
    for element in root.iter():
        required, more, children = SCHEMA[element.tag]
        assert required <= set(element.attrib) <= required | more
        assert {child.tag for child in element} <= children
    for suite in (root, *root):
        for word, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(suite.get(word)) == len(list(suite.iter(tag)))
    return root


def of(*kinds: tuple[str, bool]) -> Judgement:
    made = [
        Verdict(case=f"m/v{i}/cpu/d", metric="miou", kind=k, why="so", blocks=b)
        for i, (k, b) in enumerate(kinds)
    ]
    return Judgement(policy=GatePolicy(), verdicts=tuple(made))


def test_a_real_judgement_is_valid(tmp_path):
    old = build_run(tmp_path / "a")
    rows = with_rows(ROWS, "torch-fp32", status="failed", reason="\x1b[31mindex\x00 <3 & é\n2")
    found = judge(build_run(tmp_path / "b", rows), old)
    root = valid(junit(found, ["Baseline a."]))
    assert len(list(root.iter("testcase"))) == len(found.verdicts) + 1
    failures = [f for f in root.iter("failure") if f.get("type") == "regressed"]
    assert any("index" in f.get("message") and "<3 & " in f.get("message") for f in failures)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_becomes(kind):
    for blocks in (True, False):
        case = next(valid(junit(of((kind, blocks)))).iter("testcase"))
        tags = {child.tag for child in case} - {"system-out"}
        skipped = kind in {"undecided", "missing", "incomparable"}
        assert tags == ({"failure"} if blocks else {"skipped"} if skipped else set())
        assert case.get("classname") == "segbench.m.v0.cpu.d"
        assert kind in case.find("system-out").text


def test_the_gate_itself_is_the_last_case():
    def last(judgement: Judgement) -> set[str]:
        return {child.tag for child in list(valid(junit(judgement)).iter("testcase"))[-1]}

    assert last(of(("unchanged", False))) == {"system-out"}
    assert last(of(("regressed", True))) == {"failure", "system-out"}
    assert last(of(("incomparable", False))) == {"error", "system-out"}
    assert last(of()) == {"error", "system-out"}
