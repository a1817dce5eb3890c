"""The user's own ONNX file: it is an artifact already, there is no torch module behind it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import Unsupported, WeightsError
from bench.models.base import NO_OPTIONS, ModelLoader
from bench.models.files import external_data, sha256
from bench.suite.base import digest as digest_of
from bench.suite.model import Model


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
