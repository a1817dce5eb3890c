from __future__ import annotations

import pytest

from bench.report.labels import place, variant_label
from tests.builders import case, variant


@pytest.mark.parametrize(
    ("slug", "label"),
    [
        ("torch-fp32", "PyTorch fp32"),
        ("onnx-onnxruntime-int8-static", "ONNX Runtime int8 static"),
        ("torch-bf16-autocast", "PyTorch bf16 autocast"),
    ],
)
def test_labels_say_runtime_precision_and_recipe(slug, label):
    assert variant_label(variant(slug)) == label


def test_an_unusual_format_is_said():
    odd = variant("onnx-openvino-fp32")
    assert variant_label(odd) == "OpenVINO fp32 (from ONNX)"


def test_a_place_names_its_axis():
    assert place(case(axis="batch-4")) == "micro on cpu, scenes, batch-4"
