"""Which module belongs to which part of a model: stages of the backbone, decoders, heads.

A part is named by where the work is *called*: Mask2Former's mask head runs after every layer of
its transformer decoder, and stands under `heads` each time.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from bench import registry

OTHER = "other"
"""What no rule names: glue between the parts."""


@cache
def rules() -> dict[str, tuple[tuple[str, str], ...]]:
    """Class of a module -> rules of its family (see `Family.rules`)."""
    families = [registry.load("family", name) for name in registry.entries("family")]
    return {f.architecture: f.rules for f in families if f.rules}


def parts(module: Any) -> dict[str, str]:
    """Path of every submodule of a torch module -> its part; `other` for those that no rule names.

    A module of an unknown class has its own children as parts, by their names.
    """
    for path, inner in module.named_modules():
        found = rules().get(type(inner).__name__)
        if found is not None:
            return {p: _ruled(below(p, path), found) for p, _ in module.named_modules()}
    root = _forking(module)
    return {p: (below(p, root) or OTHER).partition(".")[0] for p, _ in module.named_modules()}


def part_of_scopes(scopes: Sequence[str], classes: Sequence[str]) -> str | None:
    """Part of an operator by the modules around it, from the outermost; None for unknown classes.

    torch's ONNX exporter notes the modules' paths (and, last, the operator's own name) and their classes.
    """
    for path, name in zip(scopes, classes, strict=False):
        found = rules().get(name.rpartition(".")[2])
        if found is not None:
            return _ruled(below(scopes[-2], path), found)
    return None


def below(path: str, root: str) -> str | None:
    """Path within the module at `root`, empty for itself; None where it lies outside."""
    if not root or path == root:
        return path if not root else ""
    return path.removeprefix(f"{root}.") if path.startswith(f"{root}.") else None


def _ruled(path: str | None, patterns: tuple[tuple[str, str], ...]) -> str:
    if not path:
        return OTHER
    for pattern, part in patterns:
        # Lazily, so that `layers.0.blocks.1` is the first stage and not the second.
        found = re.match(pattern.replace(".*", ".*?") + r"(\.|$)", path)
        if found is None:
            continue
        groups = found.groupdict()
        if groups.get("stage"):
            return f"{part}{groups['stage']}"
        return f"{part}{int(groups['index']) + 1}" if groups.get("index") else part
    return OTHER


def _forking(module: Any) -> str:
    """Path of the first module that has more than one child: wrappers are no parts."""
    path, inner = "", module
    while len(children := list(inner.named_children())) == 1:
        name, child = children[0]
        if not list(child.children()):
            break
        path, inner = f"{path}.{name}" if path else name, child
    return path
