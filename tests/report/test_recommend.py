from __future__ import annotations

from bench.report.recommend import advice, pick, speedup
from tests.builders import Planned


def slugs(rows):
    return [r.result.case.variant.slug for r in rows]


def test_a_wrong_row_never_enters_however_fast_it_is(view_of):
    fast = Planned("torch-bf16", latency_ms=1.0, status="wrong")
    group = view_of(Planned(), fast, Planned("torchscript-fp32", latency_ms=15.0)).groups[0]
    assert slugs(group.front) == ["torchscript-fp32"]
    assert "bf16" not in " ".join(advice(group))


def test_the_fastest_form_without_a_loss_is_advised(view_of):
    view = view_of(
        Planned(),
        Planned("onnx-onnxruntime-fp32", latency_ms=10.0),
        Planned("onnx-onnxruntime-int8-static", flip=0.2, latency_ms=5.0),
    )
    group = view.groups[0]
    best = pick(group)
    assert best.result.case.variant.slug == "onnx-onnxruntime-fp32"
    assert speedup(best, group.reference) == "2.0 x"
    text = " ".join(advice(group))
    assert "take onnx-onnxruntime-fp32" in text
    assert "2.0 x as fast as torch-fp32, with exactly the reference's mIoU" in text
    assert "Nothing beats onnx-onnxruntime-int8-static" in text


def test_seeded_models_are_advised_by_speed_alone(view):
    group = next(g for g in view.groups if g.case.model.name == "untrained")
    assert "nothing here speaks about accuracy" in " ".join(advice(group))


def test_nothing_is_advised_where_nothing_is_ok(view_of):
    group = view_of(Planned(status="failed"), Planned("torch-bf16", status="wrong")).groups[0]
    assert advice(group) == ()
