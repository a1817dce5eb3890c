"""The user's own ONNX file: it is an artifact already, there is no torch module behind it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import Unsupported, WeightsError
from bench.models.base import NO_OPTIONS, ModelLoader
from bench.models.files import external_data, sha256
from bench.suite.base import digest as digest_of
from bench.suite.model import Model, OnnxInput


class OnnxLoader(ModelLoader):
    """A file, taken as it is by the export step `onnx`."""

    needs = ("onnx",)
    provides_torch = False

    def digest(self, spec: Model, *, allow_code: bool = False) -> str:
        """sha256 of the file, and of the files beside it that hold its weights."""
        del allow_code
        path = Path(spec.location).expanduser()
        if not path.is_file():
            raise WeightsError(
                f"The ONNX file of model {spec.name!r} isn't there: {path}.",
                "`location` is relative to the suite's folder.",
            )
        try:
            beside = [path.parent / name for name in external_data(path)]
        except WeightsError:
            beside = []  # the step that takes the file says what is wrong with it
        return digest_of([sha256(p) for p in (path, *beside)]) if beside else sha256(path)

    def build(
        self, spec: Model, *, allow_code: bool = False, options: Mapping[str, Any] = NO_OPTIONS
    ) -> Any:
        """Nothing: raises Unsupported."""
        del allow_code, options
        raise Unsupported(
            f"Model {spec.name!r} is an ONNX file and has no torch module.",
            "Choose variants whose recipe begins with the step `onnx`.",
        )

    def file_bytes(self, spec: Model) -> int | None:
        """Bytes of the file."""
        return Path(spec.location).expanduser().stat().st_size


def described(path: Path, height: int | None, width: int | None) -> tuple[OnnxInput, int | None]:
    """Input and logits of an ONNX file as its graph tells them, and the channels of its output.

    `height` and `width` are taken where the graph leaves its own open; channels are None where it
    gives labels or doesn't say.

    Raises:
        WeightsError: it is no ONNX file, or has not one image as input and one map as output.
    """
    import onnx

    external_data(path)  # refuses what isn't ONNX
    graph = onnx.load(path, load_external_data=False).graph
    constants = {i.name for i in graph.initializer}
    images = [i for i in graph.input if i.name not in constants and len(_dims(i)) == 4]
    maps = [o for o in graph.output if len(_dims(o)) in {3, 4}]
    for what, found, every in (("image", images, graph.input), ("map", maps, graph.output)):
        if len(found) != 1:
            there = ", ".join(f"{v.name} {_dims(v)}" for v in every)
            raise WeightsError(
                f"{path} has {len(found)} {what}s among its {'in' if what == 'image' else 'out'}puts: "
                f"{there}.",
                _TABLE,
            )
    sides = [d or asked for d, asked in zip(_dims(images[0])[2:], (height, width), strict=True)]
    if None in sides:
        raise WeightsError(
            f"{path} leaves its input's size open: {images[0].name} {_dims(images[0])}.", _TABLE
        )
    table = OnnxInput(name=images[0].name, height=sides[0], width=sides[1], logits=maps[0].name)
    shape = _dims(maps[0])
    return table, shape[1] if len(shape) == 4 else None


def _dims(value: Any) -> list[int | None]:
    """Sizes of a graph's input or output; None where one is open."""
    return [d.dim_value or None for d in value.type.tensor_type.shape.dim]


_TABLE = "Write a suite with [model.NAME] onnx = { name, height, width, logits }."
