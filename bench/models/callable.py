"""The user's own Python: `package.module:build`, run only when it was allowed."""

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import BadInput, CodeRefused
from bench.models.base import NO_OPTIONS, ModelLoader
from bench.models.files import sha256
from bench.suite.base import digest as digest_of
from bench.suite.model import Model


class CallableLoader(ModelLoader):
    """Calls `build()`, which returns a torch module: images, float (N, 3, h, w) -> logits (N, C, h, w).

    It may return a mapping with `logits`, or with `class_logits` and `mask_logits`, too; its attribute
    `output_names` says which, `("logits",)` if it has none.
    """

    needs = ("torch",)
    runs_code = True

    def digest(self, spec: Model, *, allow_code: bool = False) -> str:
        """sha256 of the module's source file, and the function, unless that is called `build`."""
        self._check(spec, allow_code=allow_code)
        module, function = _parts(spec)
        try:
            found = importlib.util.find_spec(module)
        except ImportError as e:
            raise BadInput(f"The module {module!r} can't be imported: {e}.", _HINT) from e
        if found is None or found.origin is None:
            raise BadInput(f"There is no module called {module!r}.", _HINT)
        source = sha256(Path(found.origin))
        # One file may build several models.
        return source if function == "build" else digest_of([source, function])

    def build(
        self, spec: Model, *, allow_code: bool = False, options: Mapping[str, Any] = NO_OPTIONS
    ) -> Any:
        """Module in eval mode with named outputs."""
        self._check(spec, allow_code=allow_code)
        self.refuse(options, spec)
        from bench.models.named import NamedOutputs

        module, attribute = _parts(spec)
        function = getattr(importlib.import_module(module), attribute, None)
        if not callable(function):
            raise BadInput(f"{module!r} has no function called {attribute!r}.", _HINT)
        model = function()
        names = tuple(getattr(model, "output_names", ("logits",)))
        return NamedOutputs(model.eval(), names).eval()

    def _check(self, spec: Model, *, allow_code: bool) -> None:
        if not allow_code:
            raise CodeRefused(
                f"Model {spec.name!r} runs code of its own: {spec.location!r}.",
                "If you trust it, say so with --allow-code.",
            )
        here = str(Path.cwd())
        if here not in sys.path:
            sys.path.insert(0, here)


_HINT = "Name it as `package.module:build`; it is looked for in the current folder, too."


def _parts(spec: Model) -> tuple[str, str]:
    module, colon, attribute = spec.location.partition(":")
    if not (module and colon and attribute):
        raise BadInput(f"Model {spec.name!r} has the location {spec.location!r}.", _HINT)
    return module, attribute
