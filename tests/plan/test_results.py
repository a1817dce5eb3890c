import pytest

from bench.execute.base import Outcome
from bench.jobs.measure import CaseReport
from bench.jobs.prepare import DatasetReport
from bench.plan import results
from bench.plan.graph import Prepared
from bench.record.parity import OutputSums, ParityMeasurement
from bench.record.result import Failure
from tests import builders


def sums(error=0.0, power=100.0, bad=0):
    return OutputSums(
        squared_error=(error,), squared_reference=(power,), largest_error=(0.0,), non_finite=(bad,)
    )


def parity(equal=100, **outputs):
    return ParityMeasurement(
        reference="torch-fp32", images=("a",), equal=(equal,), total=(100,), outputs=outputs
    )


def test_labels_decide_where_weights_are_trained():
    case = builders.case("torch-bf16")
    assert results.wrong(case, parity(95)) == ""
    assert results.wrong(case, parity(94)) == (
        "only 94.0 % of labels equal those of torch-fp32 (limit 95 %)"
    )
    assert results.wrong(case, parity(100, map=sums(error=1e9))) == ""


def test_the_map_decides_where_they_are_seeded():
    case = builders.case("torch-bf16", model=builders.model(source="seeded"))
    assert results.wrong(case, parity(0, map=sums(error=1.0))) == ""
    assert "SQNR against torch-fp32 is 0.0 dB (limit 3 dB)" in results.wrong(
        case, parity(100, map=sums(error=100.0))
    )


def test_values_that_are_not_finite_are_wrong_for_any_model():
    assert results.wrong(builders.case(), parity(100, map=sums(bad=3))) == (
        "3 output values are not finite"
    )


def test_without_a_reference_nothing_is_wrong():
    absent = ParityMeasurement(reference="torch-fp32", images=(), absent="it failed")
    assert results.wrong(builders.case(), absent) == ""
    assert results.wrong(builders.case(), None) == ""


def test_a_broken_step_is_named():
    def reason(step, **more):
        return results.broken(
            builders.case(), Failure(step=step, type="X", message="It broke."), **more
        )

    assert reason("case").reason == "It broke."
    assert reason("artifact").reason == "making the artifact failed: It broke."
    assert reason("artifact").status == "failed"
    skipped = reason("artifact", skipped=True)
    assert (skipped.status, skipped.reason, skipped.failure) == ("skipped", "It broke.", None)


def test_a_row_says_what_was_cut_short_and_what_ran_otherwise_than_asked():
    case = builders.case()
    data = DatasetReport(digest="d", images=9, size=(32, 64), calibration={}, set_aside=("p",))
    report = CaseReport(
        measurements=(), weights={"parameters": 5}, seen=3, asked=9,
        effective={"threads": "2", "precision": "bf16"},
        times=dict.fromkeys(("import_s", "load_s", "accuracy_s", "timing_s"), 1.0),
    )  # fmt: skip
    made = results.measured(
        Prepared(case, case, data, (32, 64)),
        Outcome(report=report, startup_s=1.0, wall_s=6.0),
        builders.environment(),
    )
    assert made.status == "ok"
    assert made.process.other_s == pytest.approx(1.0)
    assert made.artifact.parameters == 5
    assert made.notes[0].startswith("Images set aside to calibrate quantizers: 1; the accuracy of")
    assert made.dataset.set_aside == ("p",)
    assert "after 3 of 9 images" in made.notes[1]
    assert made.effective == {"threads": "2", "precision": "bf16"}
    assert made.mismatches == ("Asked for fp32; its products ran in bf16.",)


FP32, BF16, INT8 = "torch-fp32", "torch-bf16", "onnx-onnxruntime-int8-static"


@pytest.mark.parametrize(
    ("slug", "said"),
    [
        (FP32, {}),
        (FP32, {"precision": "fp32", "input": "float32", "threads": "2", "streams": "1",
                "provider": "CPUExecutionProvider", "device": "CPU"}),
        (BF16, {"precision": "bf16", "input": "bfloat16"}),
        (BF16, {"precision": "bf16, fp32", "input": "float32"}),
        (INT8, {"precision": "fp32, int8"}),
    ],
)  # fmt: skip
def test_what_was_asked_is_no_mismatch(slug, said):
    assert results.mismatches(builders.case(slug), said, 2) == ()


def test_a_precision_that_was_asked_for_the_rest_is_no_mismatch():
    rest = builders.case(INT8)
    variant = rest.variant.model_copy(update={"options": {"precision_hint": "bf16"}})
    rest = rest.model_copy(update={"variant": variant})
    assert results.mismatches(rest, {"precision": "bf16, fp32, int8"}, 2) == ()
    assert results.mismatches(rest, {"precision": "bf16"}, 2)
    assert results.mismatches(rest, {"precision": "fp16, int8"}, 2)


@pytest.mark.parametrize(
    ("slug", "said", "sentence"),
    [
        (FP32, {"precision": "bf16"}, "Asked for fp32; its products ran in bf16."),
        (FP32, {"precision": "bf16, fp32"}, "Asked for fp32; its products ran in bf16 and fp32."),
        (FP32, {"precision": "tf32"}, "Asked for fp32; its products ran in tf32."),
        (INT8, {"precision": "fp32"}, "Asked for int8; its products ran in fp32."),
        (INT8, {"precision": "bf16, int8"}, "Asked for int8; its products ran in bf16 and int8."),
        (BF16, {"input": "float16"}, "Asked for bf16; its input is float16."),
        (FP32, {"threads": "4"}, "Asked for 2 threads; the runtime uses 4."),
        (FP32, {"streams": "2"}, "Asked for 1 stream; the runtime uses 2."),
        (FP32, {"device": "cuda"}, "Asked for the device cpu; the runtime names the device cuda."),
        (FP32, {"provider": "CUDAExecutionProvider"},
         "Asked for the device cpu; the runtime names the provider CUDAExecutionProvider."),
    ],
)  # fmt: skip
def test_what_was_not_asked_is_one_sentence(slug, said, sentence):
    assert results.mismatches(builders.case(slug), said, 2) == (sentence,)
