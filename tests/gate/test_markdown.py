from __future__ import annotations

from bench.gate.judge import judge
from bench.gate.markdown import MOST, markdown
from bench.gate.verdict import Judgement, Verdict
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, build_run, with_rows

FP32 = "onnx-onnxruntime-fp32"


def test_a_table_of_what_matters_and_the_rest_folded(tmp_path):
    old = build_run(tmp_path / "a")
    new = build_run(tmp_path / "b", with_rows(ROWS, FP32, file_bytes=16_000_000))
    text = markdown(judge(new, old), ["Baseline a, blessed by Ada."])
    assert text.startswith("### segbench gate: closed\n")
    assert "blessed by Ada" in text
    (row,) = [line for line in text.splitlines() if "**regressed**" in line]
    assert f"`micro/{FP32}/cpu/scenes` | file size |" in row
    assert "14.0 MB -> 16.0 MB" in row
    assert "<details><summary>" in text
    assert text.endswith("\n")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {6}


def test_nothing_in_a_message_is_markup_or_a_mention():
    why = "a|b <img src=x> `c` *d* [e](f)\nnew line @everyone #1 &amp;"
    bad = Verdict(case="a", metric="status", kind="regressed", why=why, blocks=True)
    text = markdown(Judgement(policy=GatePolicy(), verdicts=(bad,)))
    row = next(line for line in text.splitlines() if "**regressed**" in line)
    assert "a\\|b &lt;img" in row
    assert "\\`c\\` \\*d\\* \\[e\\](f) new line" in row
    assert "@everyone" not in row
    assert "&amp;amp;" in row


def test_a_long_table_is_cut_and_says_so():
    many = [
        Verdict(case=f"c{i}", metric="miou", kind="regressed", why="x", blocks=True)
        for i in range(MOST + 7)
    ]
    text = markdown(Judgement(policy=GatePolicy(), verdicts=tuple(many)))
    assert "and 7 more" in text
    assert text.count("**regressed**") == MOST
