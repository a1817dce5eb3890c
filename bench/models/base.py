"""What every model loader offers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from bench import registry
from bench.errors import Unsupported
from bench.suite.model import Model, Told

OPTIONS = ("attention", "queries", "decoder_layers", "lean")
"""Options of loaders that variants set: in the first step of a recipe, or of a backend that runs the module."""
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


class ModelLoader(Protocol):
    """Finds weights and builds a module; a subclass sets what differs from the defaults."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Distributions whose versions the model's numbers depend on."""
    provides_torch: ClassVar[bool] = True
    """Whether `build` gives a torch module; else the model is an artifact already."""
    options: ClassVar[tuple[str, ...]] = ()
    """Options of `build` that a variant may set."""
    runs_code: ClassVar[bool] = False
    """Whether it runs the user's own code, which --allow-code must permit."""

    def digest(self, spec: Model, *, allow_code: bool = False) -> str:
        """Digest of what determines the weights, found without torch; WeightsError where they aren't there.

        Files count by content, the hub by commit, seeded weights by config and seed, a user's
        module by its source file.
        """
        ...

    def build(
        self, spec: Model, *, allow_code: bool = False, options: Mapping[str, Any] = NO_OPTIONS
    ) -> Any:
        """`torch.nn.Module` in eval mode, with its outputs' names in `output_names`.

        It maps pixel values, float (N, 3, h, w), to a tuple of tensors in that order. `options` are
        a variant's, of those in `options` of this class; another is refused.
        """
        ...

    def told(self, spec: Model) -> Told:
        """What the weights themselves tell: names of classes, pixels, input size, tasks; without torch."""
        del spec
        return Told()

    def file_bytes(self, spec: Model) -> int | None:
        """Bytes of the weight files on disk; None where there are none, or code takes them from anywhere."""
        del spec
        return None

    def parameter_bytes(self, spec: Model) -> int | None:
        """Bytes of the parameters, told without building them; None where only that would tell."""
        return self.file_bytes(spec)

    def refuse(self, options: Mapping[str, Any], spec: Model) -> None:
        """Raise Unsupported for an option that `build` doesn't know."""
        for name in options:
            if name not in self.options:
                raise Unsupported(
                    f"Model {spec.name!r} can't be built with {name!r}: the loader {spec.loader!r} "
                    "has no such option.",
                    registry.suggest(name, self.options) if self.options else "It has none.",
                )
