"""Models, data sets and suites so small that a case takes under a second and needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from bench.plan.run import measure
from bench.plan.setting import Setting
from bench.record.result import Result
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.suite.model import Model, OnnxInput, Pixels
from bench.suite.protocol import Protocol
from bench.suite.suite import Block, Suite
from bench.suite.target import Target
from bench.suite.variant import CalibrationSet, Step, Variant

SIZE = (32, 64)
CLASSES = ("dark", "red", "green", "blue")
PLAIN = Pixels(scale=1 / 255, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
# Logits of the classes from (red, green, blue): whichever channel is strongest, or none.
# The odd digits keep two classes from ever being equal, so that float32 and float64 agree.
WEIGHTS = np.array([[-1, -1, -1], [3.0123, -1, -1], [-1, 3.0457, -1], [-1, -1, 3.0791]], np.float32)
BIAS = np.array([1.0037, 0, 0.00019, 0.00053], np.float32)

ORT = Variant(
    name="onnx-onnxruntime-fp32",
    format="onnx",
    backend="onnxruntime",
    precision="fp32",
    steps=(Step(name="onnx"),),
)
INT8 = Variant(
    name="onnx-onnxruntime-int8-static",
    format="onnx",
    backend="onnxruntime",
    precision="int8",
    recipe="static",
    steps=(Step(name="onnx"), Step(name="ort-int8-static")),
    calibration=CalibrationSet(split="train", images=2),
)
DYNAMIC = Variant(
    name="onnx-onnxruntime-int8-dynamic",
    format="onnx",
    backend="onnxruntime",
    precision="int8",
    recipe="dynamic",
    steps=(Step(name="onnx"), Step(name="ort-int8-dynamic", options={"operators": ["Conv"]})),
)
OPENVINO = Variant(
    name="openvino-fp32",
    format="openvino",
    backend="openvino",
    precision="fp32",
    steps=(Step(name="onnx"), Step(name="openvino")),
)
TORCH = Variant(name="torch-fp32", format="torch", backend="torch", precision="fp32")
CPU = Target(name="cpu", threads=1)
QUICK = Protocol(
    warmup=1,
    iterations=5,
    median_width=None,
    parity_images=2,
    gallery_images=1,
    work=False,
    ceiling=False,
    coverage=False,
    timeout_s=200,
    prepare_timeout_s=200,
)


def conv_graph(
    path: Path,
    weights: np.ndarray = WEIGHTS,
    bias: np.ndarray = BIAS,
    *,
    size: tuple[int, int] = SIZE,
    batch: int = 1,
    names: tuple[str, str] = ("picture", "scores"),
    labels: bool = False,
    huge: int = 0,
    named: str = "",
) -> Path:
    """ONNX file of a 1 x 1 convolution.

    Args:
        labels: the output is the argmax instead of the logits.
        huge: copies of the input that the graph makes and throws away again.
        named: name of the convolution.
    """
    classes = len(weights)
    feed, out = names
    nodes = [helper.make_node("Conv", [feed, "w", "b"], ["conv"], name=named)]
    constants = [
        numpy_helper.from_array(weights.reshape(classes, -1, 1, 1).astype(np.float32), "w"),
        numpy_helper.from_array(bias.astype(np.float32), "b"),
    ]
    last = "conv"
    if huge:
        constants += [
            numpy_helper.from_array(np.array([1, huge, 1, 1], np.int64), "copies"),
            numpy_helper.from_array(np.zeros((1,), np.float32), "nought"),
        ]
        nodes += [
            helper.make_node("Tile", [feed, "copies"], ["big"]),
            helper.make_node("ReduceMax", ["big"], ["top"], keepdims=1),
            helper.make_node("Mul", ["top", "nought"], ["zero"]),
            helper.make_node("Add", ["conv", "zero"], ["sum"]),
        ]
        last = "sum"
    shape: list[int] = [batch, *size] if labels else [batch, classes, *size]
    if labels:
        nodes.append(helper.make_node("ArgMax", [last], [out], axis=1, keepdims=0))
    else:
        nodes.append(helper.make_node("Identity", [last], [out]))
    kind = TensorProto.INT64 if labels else TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "conv",
        [helper.make_tensor_value_info(feed, TensorProto.FLOAT, [batch, weights.shape[1], *size])],
        [helper.make_tensor_value_info(out, kind, shape)],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(made, path)
    return path


def model(path: Path, name: str = "conv", **more: Any) -> Model:
    """The user's own ONNX file."""
    table = OnnxInput(name="picture", height=SIZE[0], width=SIZE[1], logits="scores")
    fields = {"classes": CLASSES, "pixels": PLAIN, "onnx": table, **more}
    return Model(name=name, loader="onnx", source="file", location=str(path), **fields)


def pictures(
    root: Path, count: int = 3, size: tuple[int, int] = SIZE, split: str = "", seed: int = 0
) -> Path:
    """Folder data set: coloured blocks with noise, and masks that are right but for some void."""
    rng = np.random.default_rng(seed)
    base = root / split if split else root
    for kind in ("images", "masks"):
        (base / kind).mkdir(parents=True, exist_ok=True)
    colours = np.array([(20, 20, 20), (200, 40, 40), (40, 200, 40), (40, 40, 200)], np.int16)
    for i in range(count):
        mask = rng.integers(0, 4, (size[0] // 8, size[1] // 8)).repeat(8, 0).repeat(8, 1)
        image = colours[mask] + rng.integers(-90, 91, (*size, 3))
        image = image.clip(0, 255).astype(np.uint8)
        truth = mask.astype(np.uint8)
        truth[:4, :4] = 255
        cv2.imwrite(str(base / "images" / f"p{i}.png"), image[..., ::-1])
        cv2.imwrite(str(base / "masks" / f"p{i}.png"), truth)
    return root


def folder(root: Path, name: str = "blocks", **more: Any) -> Dataset:
    """The user's own pictures."""
    return Dataset(name=name, loader="folder", root=str(root), **{"classes": CLASSES, **more})


def block(of: Model, data: Dataset, *variants: Variant, **more: Any) -> Block:
    """One block on one thread of the processor."""
    fields = {"targets": (CPU,), "protocol": QUICK, **more}
    return Block(model=of, dataset=data, variants=variants or (ORT,), **fields)


def suite(*blocks: Block, **more: Any) -> Suite:
    """Suite `small`, compared with ONNX Runtime in fp32."""
    return Suite(**{"name": "small", "title": "Small", "reference": ORT, "blocks": blocks, **more})


class Quiet:
    """Listener that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.said: list[tuple[str, int, int]] = []
        self.done: list[tuple[str, str, bool]] = []
        self.to_come: list[tuple[str, dict[str, int]]] = []
        self.repeated: list[tuple[str, int]] = []

    def step(self, case: Case, what: str) -> None:
        self.steps.append((case.id, what))

    def progress(self, phase: str, done: int, total: int) -> None:
        self.said.append((phase, done, total))

    def finished(self, result: Result, *, stood: bool) -> None:
        self.done.append((result.case.id, result.status, stood))

    def left(self, steps: Any, began: str = "") -> None:
        self.to_come.append((began, dict(steps)))

    def updated(self, result: Result) -> None:
        self.repeated.append((result.case.id, len(result.get("timing").launches)))


def run(
    asked: Suite, out: Path, cache: Path, listener: Any = None, **more: Any
) -> dict[str, Result]:
    """Results by the model's name and the variant's slug: `conv/onnx-onnxruntime-fp32`."""
    setting = Setting(run=out, cache=cache, **more)
    found = measure(asked, asked.expand(), setting, listener or Quiet())
    return {r.case.id: r for r in found}


def one(asked: Suite, out: Path, cache: Path, listener: Any = None, **more: Any) -> Result:
    """Result of a suite with one case."""
    (found,) = run(asked, out, cache, listener, **more).values()
    return found


TOML = """
name = "small"
title = "Small"
reference = "onnx-onnxruntime-fp32"

[protocol]
warmup = 1
iterations = 5
median_width = inf
parity_images = 2
gallery_images = 1
work = false
ceiling = false
coverage = false

[model.conv]
loader = "onnx"
source = "file"
location = "conv.onnx"
classes = ["dark", "red", "green", "blue"]
pixels = { scale = 0.00392156862745098, mean = [0, 0, 0], std = [1, 1, 1] }
onnx = { name = "picture", height = 32, width = 64, logits = "scores" }

[dataset.blocks]
loader = "folder"
root = "pictures"
classes = ["dark", "red", "green", "blue"]

[target.one]
threads = 1
"""


def write_suite(home: Path, blocks: int = 1) -> Path:
    """Suite's file with its model and pictures; one case a block, told apart by the axis."""
    conv_graph(home / "conv.onnx")
    pictures(home / "pictures")
    text = TOML
    for i in range(blocks):
        text += (
            '\n[[block]]\nmodel = "conv"\ndataset = "blocks"\ntargets = ["one"]\n'
            f'variants = ["onnx-onnxruntime-fp32"]\naxis = "a{i}"\n'
        )
    path = home / "small.toml"
    path.write_text(text)
    return path
