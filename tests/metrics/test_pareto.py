from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.base import Metric, Row
from bench.metrics.pareto import ALL, alternatives, beats, groups, pareto
from bench.record.parity import ParityMeasurement
from bench.report.recommend import advise
from bench.report.view import Group
from tests.builders import case, model, protocol, result

SPREAD = 0.004


def row(slug="onnx-onnxruntime-fp32", miou=0.6, ms=10.0, *, base=0.6, sure=True, **more):
    """Row whose paired difference to a reference with mIoU `base` is sure, or includes zero."""
    status, mb, of = more.pop("status", "ok"), more.pop("mb", 7.0), case(slug, **more)
    change = miou - base
    half = SPREAD if sure else abs(change) + SPREAD
    difference = Metric(change, change - half, change + half)
    if of.is_reference:
        difference = Metric(None, reason="the reference itself")
    metrics = {
        "miou": Metric(miou),
        "miou_difference": difference,
        "latency_p50_ms": Metric(ms),
        "rss_peak_bytes": Metric(4e8),
        "file_bytes": Metric(mb * 1e6),
    }
    return Row(result(of, status=status), metrics)


def advice(rows):
    """What terminal and card advise."""
    return " ".join(advise([Group(members) for members in groups(rows).values()]))


def slugs(rows):
    return [r.result.case.variant.slug for r in rows]


REFERENCE = row("torch-fp32", ms=20.0)


def test_a_faster_variant_without_a_visible_loss_beats_the_reference():
    same = row(miou=0.598, sure=False)
    assert slugs(pareto([REFERENCE, same])) == ["onnx-onnxruntime-fp32"]
    sure = row(miou=0.58)
    assert slugs(pareto([REFERENCE, sure])) == ["torch-fp32", "onnx-onnxruntime-fp32"]


def test_slower_and_no_better_is_beaten():
    slow = row("torch-bf16", miou=0.601, ms=30.0, sure=False)
    assert slugs(pareto([REFERENCE, slow])) == ["torch-fp32"]


def test_wrong_failed_and_unmeasured_rows_never_enter():
    wrong = row("torch-bf16", miou=0.9, ms=1.0, status="wrong")
    failed = row("torch-fp16", miou=0.9, ms=1.0, status="failed")
    seeded = Row(row("openvino-fp32").result, {"miou": Metric(None, reason="seeded weights")})
    assert pareto([REFERENCE, wrong, failed, seeded]) == (REFERENCE,)
    assert "torch-bf16" not in advice([REFERENCE, wrong])


def test_a_row_whose_reference_could_not_be_computed_never_enters():
    alone = row(miou=0.9, ms=1.0)
    parity = ParityMeasurement(reference="torch-fp32", images=(), absent="the reference failed")
    alone = Row(alone.result.model_copy(update={"measurements": (parity,)}), alone.metrics)
    assert pareto([REFERENCE, alone]) == (REFERENCE,)
    assert "onnx" not in advice([REFERENCE, alone])


def test_memory_and_size_are_weighed_when_asked():
    big = row(ms=10.0, mb=14.0)
    assert pareto([REFERENCE, big]) == (big,)
    assert pareto([REFERENCE, big], ALL) == (REFERENCE, big)


def test_groups_are_apart():
    other = row(ms=1.0, model=model("another"))
    assert len(groups([REFERENCE, other])) == 2
    assert pareto([REFERENCE, other]) == (REFERENCE, other)
    said = advice([REFERENCE, other])
    assert "micro on cpu" in said.lower()
    assert "another on cpu" in said


def test_another_protocol_is_no_alternative():
    other = row(ms=1.0, protocol=protocol(postprocess="hf"))
    assert alternatives([REFERENCE, other]) == (REFERENCE,)


def test_another_machine_is_no_alternative():
    quick = row(ms=1.0)
    place = quick.result.environment
    machine = place.machine.model_copy(update={"cores": 64})
    there = place.model_copy(update={"machine": machine})
    moved = Row(quick.result.model_copy(update={"environment": there}), quick.metrics)
    assert alternatives([REFERENCE, quick]) == (REFERENCE, quick)
    assert alternatives([REFERENCE, moved]) == (REFERENCE,)


def test_without_a_reference_plain_mious_are_compared():
    def plain(slug, miou, ms):
        made = row(slug, miou, ms)
        return Row(made.result, {**made.metrics, "miou_difference": Metric(None, reason="none")})

    rows = [plain("onnx-onnxruntime-fp32", 0.60, 10.0), plain("torch-bf16", 0.59, 12.0)]
    assert slugs(pareto(rows)) == ["onnx-onnxruntime-fp32"]


def test_the_advice_names_the_gain_and_what_else_nothing_beats():
    same = row(miou=0.599, ms=10.0, sure=False)
    cheap = row("onnx-onnxruntime-int8-static", miou=0.57, ms=5.0)
    assert advice([REFERENCE, same, cheap]) == (
        "micro on cpu: take onnx-onnxruntime-fp32: mIoU 59.90 at 10.0 ms, 2.0 x as fast as "
        "torch-fp32, \N{MINUS SIGN}0.10 points against the reference (\N{MINUS SIGN}0.60 to +0.40). "
        "Nothing beats onnx-onnxruntime-int8-static (57.00 at 5.00 ms) and onnx-onnxruntime-fp32 "
        "(59.90 at 10.0 ms)."
    )
    assert "no other variant can be compared" in advice([REFERENCE])
    assert not advice([])


points = st.lists(
    st.tuples(st.floats(0.3, 0.9), st.floats(1, 50), st.floats(1, 20), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(points)
def test_laws_of_the_front(made):
    slug = "onnx-onnxruntime-int8-{}"
    rows = [
        REFERENCE,
        *(row(slug.format(i), m, ms, sure=s, mb=mb) for i, (m, ms, mb, s) in enumerate(made)),
    ]
    for objectives in (ALL, ALL[:2]):
        front = pareto(rows, objectives)
        assert front, "something always stands on the front"
        assert pareto(front, objectives) == front
        assert all(any(beats(a, b, objectives) for a in front) for b in rows if b not in front), (
            "whatever is left out is beaten by the front itself"
        )
        assert not any(beats(r, r, objectives) for r in rows)
    assert set(slugs(pareto(rows[::-1]))) == set(slugs(pareto(rows)))
    assert advice(rows).endswith(".")
