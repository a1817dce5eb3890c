"""A graph that torch exported to ONNX, without the bytes that a runtime does not need."""

import ast
from collections import Counter
from typing import Any

from bench.models.nodes import CLASSES, PART, SCOPES
from bench.models.parts import part_of_scopes

LARGEST = 1024
"""Elements of the largest result of a computation on constants that is stored as a constant. Position
biases, attention masks and positions are gathered from tables and numbers that are smaller by orders
of magnitude; runtimes compute them once, when they load the graph."""
SHARED = 2**17
"""Elements of the largest constant that is compared with all others: larger ones are weights."""


def compact(model: Any) -> None:
    """Simplify an `onnx_ir.Model` in place.

    Equal constants are stored once. Of the exporter's notes at each node (source lines with the paths
    of the machine that exported, half the bytes of a small model's file), the path of its module stays,
    as its name, and the part of the model.
    """
    from onnx_ir.passes import common
    from onnxscript import optimizer

    optimizer.optimize_ir(model, output_size_limit=LARGEST)
    _keep_constants(model.graph)
    common.DeduplicateInitializersPass(size_limit=SHARED)(model)
    seen: Counter[str] = Counter()
    for node in model.graph.all_nodes():
        told = dict(node.metadata_props)
        node.metadata_props.clear()
        for value in node.outputs:
            value.metadata_props.clear()
        if SCOPES not in told or CLASSES not in told:
            continue
        scopes, classes = ast.literal_eval(told[SCOPES]), ast.literal_eval(told[CLASSES])
        name = f"{scopes[-2] if len(scopes) > 1 else ''}/{node.op_type}".removeprefix("/")
        node.name = f"{name}_{seen[name]}"
        seen[name] += 1
        if part := part_of_scopes(scopes, classes):
            node.metadata_props[PART] = part
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        value.metadata_props.clear()


def _keep_constants(graph: Any) -> None:
    """Store again what the optimiser uses and dropped: it gives bounds of two clips of one value the same name."""
    for at, node in enumerate(graph.all_nodes()):
        for place, value in enumerate(node.inputs):
            known = value is None or value.producer() is not None or value.const_value is None
            if known or value.is_graph_input() or graph.initializers.get(value.name) is value:
                continue
            value.name = f"{value.name}/{at}.{place}"
            graph.register_initializer(value)
