from __future__ import annotations

from bench.gate.judge import judge
from bench.gate.text import lines
from bench.gate.units import shown
from tests.builders import ROWS, build_run, with_rows


def test_one_line_a_verdict_and_the_unchanged_are_folded(tmp_path):
    old = build_run(tmp_path / "a")
    new = build_run(tmp_path / "b", with_rows(ROWS, "onnx-onnxruntime-fp32", file_bytes=16_000_000))
    found = judge(new, old)
    said = list(lines(found))
    assert sum("regressed" in line and "file size" in line for line in said) == 1
    assert not any("unchanged   " in line for line in said)
    assert any("25 verdicts in 6 cases are unchanged" in line for line in said)
    assert "closed" in said[-1]
    whole = list(lines(found, verbose=True))
    assert sum("unchanged" in line for line in whole) == 25


def test_words_that_look_like_markup_stay_words(tmp_path):
    old = build_run(tmp_path / "a")
    bad = with_rows(ROWS, "torch-fp32", status="failed", reason="index [red] out of [0, 3]")
    said = "\n".join(lines(judge(build_run(tmp_path / "b", bad), old)))
    assert r"\[red]" in said


def test_units():
    assert shown("miou", 0.4315) == "43.15 %"
    assert shown("latency_p50_ms", 8.0) == "8.00 ms"
    assert shown("file_bytes", 2**20) == "1.0 MiB"
    assert shown("status", "ok") == "ok"
    assert shown("miou", None) == "none"
