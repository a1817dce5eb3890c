from __future__ import annotations

import pytest

from bench.gate.comparison import compare
from tests.builders import ROWS, build_run, with_rows
from tests.gate.planted import reprotocolled, without

INT8, FP32 = "onnx-onnxruntime-int8-static", "onnx-onnxruntime-fp32"


@pytest.fixture
def a(tmp_path):
    return build_run(tmp_path / "a")


def change(found, slug, metric):
    case = next(c for c in found if f"/{slug}/" in c.case)
    return next(c for c in case.changes if c.metric == metric)


def test_differences_are_paired_and_ratios_are_b_over_a(a, tmp_path):
    rows = with_rows(ROWS, INT8, flip=0.1, latency_ms=12.0, file_bytes=8_000_000)
    found = compare(a, build_run(tmp_path / "b", rows))
    miou = change(found, INT8, "miou")
    assert miou.value == pytest.approx(miou.b - miou.a)
    assert miou.low < miou.value < miou.high < 0
    p50 = change(found, INT8, "latency_p50_ms")
    assert p50.value == pytest.approx(p50.b / p50.a)
    assert 1 < p50.low < p50.value < p50.high
    assert change(found, INT8, "file_bytes").value == 2


def test_the_two_sides_are_mirrors(a, tmp_path):
    b = build_run(tmp_path / "b", with_rows(ROWS, INT8, flip=0.1, latency_ms=12.0))
    there, back = compare(a, b), compare(b, a)
    assert change(back, INT8, "miou").value == pytest.approx(-change(there, INT8, "miou").value)
    p50, again = (change(x, INT8, "latency_p50_ms") for x in (there, back))
    assert again.low == pytest.approx(1 / p50.high)


def test_other_fingerprints_name_their_fields_in_place_of_a_number(a, tmp_path):
    b = reprotocolled(build_run(tmp_path / "b"), FP32, postprocess="hf", iterations=99)
    found = compare(a, b)
    miou = change(found, FP32, "miou")
    assert (miou.value, miou.fields) == (None, {"postprocess": ("reference", "hf")})
    assert set(change(found, FP32, "latency_p50_ms").fields) == {"postprocess", "iterations"}
    assert change(found, FP32, "rss_peak_bytes").value is None
    assert change(found, FP32, "file_bytes").value == 1


def test_cases_of_one_side_only_are_listed(a, tmp_path):
    b = without(build_run(tmp_path / "b"), FP32)
    for found, status in ((compare(a, b), ("ok", None)), (compare(b, a), (None, "ok"))):
        case = next(c for c in found if f"/{FP32}/" in c.case)
        assert (case.status, case.changes) == (status, ())


def test_what_was_not_measured_keeps_its_reason(a):
    failed = next(c for c in compare(a, a) if "/torchscript-fp32/" in c.case)
    assert failed.status == ("failed", "failed")
    assert "SIGKILL" in failed.reason[0]
    assert failed.changes == ()
