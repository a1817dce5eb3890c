import pytest

from bench.plan.effective import mismatches
from tests import builders

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
    assert mismatches(builders.case(slug), said, 2) == ()


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
    assert mismatches(builders.case(slug), said, 2) == (sentence,)
