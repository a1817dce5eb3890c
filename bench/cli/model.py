"""The model that `segbench run SUITE --model WHAT` measures: a name, a file, a folder, or a hub id."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import BadInput, UnknownName
from bench.registry import suggest
from bench.suite.choose import choose
from bench.suite.model import Model
from bench.suite.suite import Suite
from bench.suite.tables import tables

HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
"""`organisation/name`."""


def with_model(suite: Suite, what: str, weights: Mapping[str, str]) -> Suite:
    """The suite with another model in the place of its own, and that with other `weights`.

    A user's ONNX file has no torch module, so ONNX Runtime in fp32 becomes its reference. Its channels
    are taken for the data set's classes, in their order.

    Raises:
        BadInput: the suite has several models, or the file gives another number of classes.
        UnknownName: neither a shipped name, nor an ONNX file or folder, nor `organisation/name`.
        WeightsError: the ONNX file doesn't tell its input or its logits.
    """
    own = sorted({block.model.name for block in suite.blocks})
    if len(own) > 1:
        raise BadInput(
            f"--model {what}: suite {suite.name!r} has {len(own)} models, {' and '.join(own)}.",
            "Use a suite of one model: best, for one.",
        )
    known, path = tables(), Path(what).expanduser()
    update: dict[str, Any] = {}
    if what in known.models:
        model = known.models[what]
    elif path.is_file():
        from bench.models.onnx import described

        fixed = suite.blocks[0].protocol
        table, channels = described(path, fixed.height, fixed.width)
        data = suite.blocks[0].dataset
        if channels not in {None, len(data.classes)}:
            raise BadInput(
                f"--model {what} gives {channels} channels, and the data set {data.name!r} has "
                f"{len(data.classes)} classes.",
                f"Name another with --dataset {data.name}=NAME, or write a suite with the model's "
                "`classes` and your data set.",
            )
        model = Model(
            name=_name(path.stem),
            loader="onnx",
            source="file",
            location=str(path.resolve()),
            onnx=table,
            classes=data.classes,
        )
        update["reference"] = known.variants["onnx-onnxruntime-fp32"]
    elif path.is_dir():
        model = Model(
            name=_name(path.resolve().name), source="folder", location=str(path.resolve())
        )
    elif HUB_ID.fullmatch(what):
        model = Model(name=_name(path.name), source="hub", location=what, hub_id=what)
    else:
        raise UnknownName(
            f"--model {what}: there is no such model, ONNX file or folder.",
            suggest(what, known.models),
        )
    update["blocks"] = tuple(b.model_copy(update={"model": model}) for b in suite.blocks)
    return choose(suite.model_copy(update=update), known, {}, weights, {})


def _name(stem: str) -> str:
    """A name that may stand in an id."""
    return re.sub(r"[^A-Za-z0-9.+=-]+", "-", stem).strip("-.+=") or "model"
