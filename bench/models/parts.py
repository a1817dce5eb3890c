"""Which module belongs to which part of a model: stages of the backbone, decoders, heads.

A part is named by where the work is *called*: Mask2Former's mask head runs after every layer of
its transformer decoder, and stands under `heads` each time.
"""

import re
from collections.abc import Sequence
from typing import Any

OTHER = "other"
"""What no rule names: glue between the parts."""

RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "Mask2FormerForUniversalSegmentation": (
        (r"(.*\.)?mask_predictor", "heads"),
        (r"class_predictor", "heads"),
        (r"model\.transformer_module", "transformer_decoder"),
        (r"model\.pixel_level_module\.decoder", "pixel_decoder"),
        (r"model\.pixel_level_module\.encoder\.(.*\.)?hidden_states_norms\.stage(?P<stage>\d+)", "backbone.stage"),
        (r"model\.pixel_level_module\.encoder\.(.*\.)?(layers|stages)\.(?P<index>\d+)", "backbone.stage"),
        (r"model\.pixel_level_module\.encoder\.(.*\.)?(embeddings|embedder)", "backbone.stem"),
        (r"model\.pixel_level_module\.encoder", "backbone"),
    ),
    "SegformerForSemanticSegmentation": (
        (r"decode_head\.classifier", "heads"),
        (r"decode_head", "decoder"),
        (r"segformer\.stages\.(?P<index>\d+)", "backbone.stage"),
        (r"segformer", "backbone"),
    ),
}  # fmt: skip
"""Class of the module -> (pattern on the path of a module in it, part); the first match wins.

A pattern also holds for everything below the module. `stage` counts from 1, `index` from 0.
"""


def parts(module: Any) -> dict[str, str]:
    """Path of every submodule of a torch module -> its part; `other` for those that no rule names.

    A module of an unknown class has its own children as parts, by their names.
    """
    for path, inner in module.named_modules():
        rules = RULES.get(type(inner).__name__)
        if rules is not None:
            return {p: _ruled(below(p, path), rules) for p, _ in module.named_modules()}
    root = _forking(module)
    return {p: (below(p, root) or OTHER).partition(".")[0] for p, _ in module.named_modules()}


def part_of_scopes(scopes: Sequence[str], classes: Sequence[str]) -> str | None:
    """Part of an operator by the modules around it, from the outermost; None for unknown classes.

    torch's ONNX exporter notes the modules' paths (and, last, the operator's own name) and their classes.
    """
    for path, name in zip(scopes, classes, strict=False):
        rules = RULES.get(name.rpartition(".")[2])
        if rules is not None:
            return _ruled(below(scopes[-2], path), rules)
    return None


def below(path: str, root: str) -> str | None:
    """Path within the module at `root`, empty for itself; None where it lies outside."""
    if not root or path == root:
        return path if not root else ""
    return path.removeprefix(f"{root}.") if path.startswith(f"{root}.") else None


def _ruled(path: str | None, rules: tuple[tuple[str, str], ...]) -> str:
    if not path:
        return OTHER
    for pattern, part in rules:
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
