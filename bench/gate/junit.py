"""A judgement as JUnit XML: a test case a verdict, for whatever shows test results.

What blocks is a failure; what could not be compared, is undecided or is missing without blocking is
skipped; the rest passes. The last test case is the gate itself, so that a gate that measured nothing
is red there, too. Schema: the one that Jenkins publishes (jenkinsci/xunit-plugin, junit-10.xsd).
"""

import re
from collections.abc import Iterable
from xml.etree import ElementTree as ET  # only written, never parsed

from bench.gate.verdict import Judgement, Verdict

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write (section 2.2), such as the escape of coloured text."""


def junit(judgement: Judgement, about: Iterable[str] = ()) -> bytes:
    """XML in UTF-8, with a declaration and one trailing newline."""
    suite = ET.Element("testsuite", name="segbench gate")
    for verdict in judgement.verdicts:
        _case(suite, verdict)
    gate = ET.SubElement(suite, "testcase", classname="segbench", name="gate", time="0")
    if judgement.outcome != "open":
        tag = "failure" if judgement.outcome == "closed" else "error"
        ET.SubElement(gate, tag, type=judgement.outcome, message=_clean(judgement.sentence))
    out = ET.SubElement(gate, "system-out")
    out.text = _clean("\n".join((judgement.sentence, *about, *judgement.notes)))
    inner = {"tests": "", "failures": "/failure", "errors": "/error", "skipped": "/skipped"}
    counts = {name: len(suite.findall(f"testcase{tag}")) for name, tag in inner.items()}
    for element in (suite, root := ET.Element("testsuites", name="segbench")):
        element.attrib.update({k: str(n) for k, n in counts.items()} | {"time": "0"})
    del root.attrib["skipped"]  # the schema has it on a suite only
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: ET.Element, v: Verdict) -> None:
    # Dots divide the packages of a class name; segbench's own divide what is no package.
    where = "segbench." + v.case.replace(".", "_").replace("/", ".")
    case = ET.SubElement(
        suite, "testcase", classname=_clean(where), name=_clean(v.metric), time="0"
    )
    why = _clean(f"{v.kind}: {v.why}")
    if v.blocks:
        ET.SubElement(case, "failure", type=v.kind, message=why)
    elif v.kind in {"undecided", "missing", "incomparable"}:
        ET.SubElement(case, "skipped", message=why)
    ET.SubElement(case, "system-out").text = _clean(f"{v.values} ({why})" if v.values else why)


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
