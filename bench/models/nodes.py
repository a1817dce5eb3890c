"""Nodes of an ONNX graph: the modules that they come from, their shapes and their MACs."""

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

from bench.models.parts import OTHER, part_of_scopes

Shape = tuple[int, ...]

PART = "segbench.part"
"""Key of a node's metadata: the part of the model that it computes, as the step `onnx` notes it."""
SCOPES, CLASSES = "pkg.torch.onnx.name_scopes", "pkg.torch.onnx.class_hierarchy"
"""Keys of torch's exporter: paths and classes of the modules around a node, from the outermost."""
_LAYER = re.compile(r"(^|\.)layers\.(\d+)(\.|$)")
DEEPEST = 5
"""Components of a path by which blocks are told apart, at most."""
MARK = re.compile(r"(_nchwc|_token_\d+|_kernel_time)$")
"""What ONNX Runtime appends to the name of a node or of its output; it and OpenVINO append words after a slash, too."""


def _conv(weight: int) -> Callable[[Any, list[Shape], Shape], int]:
    """Each output meets one filter: channels of a group x taps."""
    return lambda _, inputs, out: prod(out) * prod(inputs[weight][1:])


def _matmul(_: Any, inputs: list[Shape], out: Shape) -> int:
    """(..., n, k) x (..., k, m), batches broadcast: every output is a sum of k products."""
    return prod(out) * inputs[0][-1]


def _gemm(node: Any, inputs: list[Shape], out: Shape) -> int:
    transposed = any(a.name == "transA" and a.i for a in node.attribute)
    return prod(out) * inputs[0][0 if transposed else -1]


def _einsum(node: Any, inputs: list[Shape], _: Shape) -> int:
    """One MAC for every combination of all indices."""
    equation = next(a.s.decode() for a in node.attribute if a.name == "equation").replace(" ", "")
    names = equation.partition("->")[0].split(",")
    length = {
        n: d
        for name, shape in zip(names, inputs, strict=True)
        for n, d in zip(name, shape, strict=True)
    }
    return prod(length.values())


def _grid(node: Any, _: list[Shape], out: Shape) -> int:
    """Taps of the mode; the default is linear."""
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "linear")
    flat = len(out) - 2
    taps: int = {"nearest": 0, "cubic": 4**flat, "bicubic": 4**flat}.get(mode, 2**flat)
    return taps * prod(out)


def _resize(node: Any, inputs: list[Shape], out: Shape) -> int:
    """The same for the axes that change; nearest is the default."""
    mode = next((a.s.decode() for a in node.attribute if a.name == "mode"), "nearest")
    changed = sum(a != b for a, b in zip(inputs[0], out, strict=True))
    taps: int = {"linear": 2**changed, "cubic": 4**changed}.get(mode, 0)
    return taps * prod(out) if changed else 0


MACS: dict[str, Callable[[Any, list[Shape], Shape], int]] = {
    "Conv": _conv(1),
    "ConvInteger": _conv(1),
    "QLinearConv": _conv(3),
    "ConvTranspose": lambda _, inputs, __: prod(inputs[0]) * prod(inputs[1][1:]),
    "MatMul": _matmul,
    "MatMulInteger": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "GridSample": _grid,
    "Resize": _resize,
}
"""Operator -> MACs of (node, shapes of inputs, shape of the output)."""


def part_of(node: Any) -> str | None:
    """Part of a node; None where its file doesn't tell the modules that it came from."""
    found = {p.key: p.value for p in node.metadata_props if p.key in {PART, SCOPES, CLASSES}}
    if PART in found:
        return str(found[PART])
    if len(found) < 2:
        return None
    return part_of_scopes(ast.literal_eval(found[SCOPES]), ast.literal_eval(found[CLASSES]))


def path_of(node: Any) -> str:
    """Path of the module that a node came from: as torch's exporter notes it, else the beginning of its name."""
    scopes = next((p.value for p in node.metadata_props if p.key == SCOPES), "[]")
    found = ast.literal_eval(scopes)
    path = found[-2] if len(found) > 1 else node.name.rpartition("/")[0].strip("/")
    return str(path).removeprefix("model.")


def block_of(node: Any) -> str | None:
    """Part of a node, and of a decoder its layer: `pixel_decoder.layer2`, counted from 1."""
    part = part_of(node)
    inside = None if not part or part[-1].isdigit() else _LAYER.search(path_of(node))
    return part if inside is None or part == OTHER else f"{part}.layer{int(inside[2]) + 1}"


def names_of(node: Any) -> set[str]:
    """All names that choose a node: its own, its block and part, and the paths of the modules around it.

    `pixel_decoder.rest` = what no layer of the pixel decoder holds.
    """
    block = block_of(node) or OTHER
    parts = {f"{block}.rest", *prefixes(block)}
    return {node.name, *parts, *prefixes(path_of(node))} - {""}


def namer(nodes: Sequence[Any]) -> Callable[[Any], str | None]:
    """Function from a node to its block, by a name that chooses this block alone.

    In a file that tells no parts, blocks are what the shortest beginnings of the nodes' paths tell apart.
    """
    blocks = {block for node in nodes if (block := block_of(node))} - {OTHER}
    if blocks:
        whole = {b for b in blocks if any(other.startswith(f"{b}.") for other in blocks)}
        return lambda node: f"{b}.rest" if (b := block_of(node)) in whole else b
    paths = [path_of(node).replace("/", ".").split(".") for node in nodes if path_of(node)]
    for depth in range(1, DEEPEST + 1):
        if len({tuple(path[:depth]) for path in paths}) > 1:
            return lambda node: ".".join(path_of(node).replace("/", ".").split(".")[:depth]) or None
    return lambda _: None


def plain(name: str, known: Iterable[str]) -> str | None:
    """Known name of a node that a runtime renamed; None for an unknown node."""
    while name not in known:
        # Marks first: the name itself may hold slashes.
        shorter = MARK.sub("", name)
        if shorter == name:
            shorter = name.rpartition("/")[0]
        if not shorter:
            return None
        name = shorter
    return name


def prefixes(path: str) -> set[str]:
    """A path's beginnings up to a dot, and itself; a slash counts as a dot."""
    path = path.replace("/", ".")
    return {path[:end] for end, letter in enumerate(f"{path}.") if letter == "."}


def macs_of(node: Any, known: dict[str, tuple[Shape, int]]) -> int | None:
    """MACs of a node, 0 without a rule; None where a shape isn't known. `known` are the `tensors`."""
    if node.op_type not in MACS:
        return 0
    found = [known.get(n) for n in (*(i for i in node.input if i), node.output[0])]
    # Of a Resize only the region and the scales may be absent.
    needed = [found[0], found[-1]] if node.op_type == "Resize" else found
    if None in needed:
        return None
    shapes = [t[0] for t in found if t]
    return MACS[node.op_type](node, shapes[:-1], shapes[-1])


def fix_input(model: Any, shape: Shape) -> None:
    """Give the picture's input its size: inference needs numbers."""
    weights = {i.name for i in model.graph.initializer}
    picture = next(i for i in model.graph.input if i.name not in weights)
    for dim, value in zip(picture.type.tensor_type.shape.dim, shape, strict=False):
        dim.dim_value = value


def tensors(graph: Any) -> dict[str, tuple[Shape, int]]:
    """Name -> shape and bytes an element, of every tensor whose shape is known."""
    from onnx import helper

    found = {
        t.name: (tuple(t.dims), helper.tensor_dtype_to_np_dtype(t.data_type).itemsize)
        for t in graph.initializer
    }
    for info in (*graph.input, *graph.output, *graph.value_info):
        kind = info.type.tensor_type
        dims = [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]
        if kind.HasField("shape") and min(dims, default=0) >= 0:
            width = helper.tensor_dtype_to_np_dtype(kind.elem_type).itemsize
            found.setdefault(info.name, (tuple(dims), width))
    return found
