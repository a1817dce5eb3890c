from __future__ import annotations

from bench.gate.judge import judge
from bench.gate.text import folded, lines
from bench.gate.verdict import Judgement, Verdict
from bench.suite.policy import GatePolicy
from tests.builders import ROWS, build_run, with_rows


def test_one_line_a_verdict_and_the_unchanged_are_folded(tmp_path):
    old = build_run(tmp_path / "a")
    new = build_run(tmp_path / "b", with_rows(ROWS, "onnx-onnxruntime-fp32", file_bytes=16_000_000))
    found = judge(new, old)
    told = list(lines(found))
    assert sum("regressed" in line and "file size" in line for line in told) == 1
    assert not any("unchanged   " in line for line in told)
    quiet = sum(v.kind == "unchanged" for v in found.verdicts)
    assert any(f"{quiet} verdicts in 6 cases are unchanged" in line for line in told)
    assert "closed" in told[-1]
    whole = list(lines(found, verbose=True))
    assert sum("unchanged" in line for line in whole) == quiet


def test_words_that_look_like_markup_stay_words(tmp_path):
    old = build_run(tmp_path / "a")
    bad = with_rows(ROWS, "torch-fp32", status="failed", reason="index [red] out of [0, 3]")
    said = "\n".join(lines(judge(build_run(tmp_path / "b", bad), old)))
    assert r"\[red]" in said


def test_a_class_that_looks_like_markup_is_a_name():
    from rich.text import Text

    bad = Verdict(case="a", metric="iou.[/x]", kind="regressed", why="so", blocks=True)
    told = "\n".join(lines(Judgement(policy=GatePolicy(), verdicts=(bad,))))
    assert "IoU [/x]" in Text.from_markup(told).plain


def test_values_have_their_units_and_are_said_once_where_alike():
    def told(metric, was, now):
        return Verdict(
            case="a", metric=metric, kind="unchanged", why="so", baseline=was, current=now
        )

    assert told("miou", 0.5, 0.25).values == "50.00 % -> 25.00 %"
    assert told("latency_p50_ms", 8.0, None).values == "8.00 ms -> none"
    assert told("status", "ok", "ok").values == "ok"
    assert told("latency_live", None, None).values == ""
    assert told("iou.traffic light", 0.1, 0.1).label == "IoU traffic light"


def test_undecided_classes_of_a_case_are_one_line():
    def vague(metric: str, case: str = "a/b", **more: object) -> Verdict:
        return Verdict(**{"case": case, "metric": metric, "kind": "undecided", "why": "so", **more})

    given = [
        vague("miou"),
        vague("iou.road", smallest=0.061),
        vague("iou.bus", smallest=0.3),
        vague("iou.bus", case="c/d"),
    ]
    made = folded(given)
    assert [v.metric for v in made] == ["miou", "IoU of 2 classes", "iou.bus"]
    assert made[1].why == "road, bus: a drop under 6.1 to 30 points could not have been seen"


def test_a_message_of_several_lines_is_one_line():
    bad = Verdict(
        case="a", metric="status", kind="regressed", why="one\ntwo\n\n three", blocks=True
    )
    made = Judgement(policy=GatePolicy(), verdicts=(bad,))
    assert any("one two three" in line for line in lines(made))
    assert not any("\n" in line for line in lines(made))
