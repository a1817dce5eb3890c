"""Parts of a model that a quantizer leaves in floating point: names -> nodes of the graph."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import registry
from bench.errors import BadInput
from bench.exporters.base import ExportJob
from bench.models.nodes import block_of, names_of, plain, prefixes

OPTION = "exclude"
"""Option of every step that quantizes: parts (`pixel_decoder`), layers of a part
(`pixel_decoder.layer1`), paths of modules, or names of nodes."""


def asked(job: ExportJob) -> tuple[str, ...]:
    """Names that the step's option holds.

    Raises:
        BadInput: it is no list of names.
    """
    value = job.options.get(OPTION, ())
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise BadInput(f"{OPTION} = {value!r} is no list of names.", 'Write ["pixel_decoder"].')
    return tuple(value)


def chosen(source: Path, wanted: Sequence[str]) -> frozenset[str]:
    """Names of the nodes of an ONNX file or an OpenVINO IR that belong to any of the names.

    Raises:
        BadInput: a name chooses no node.
    """
    if not wanted:
        return frozenset()
    names, blocks = _from_ir(source) if source.suffix == ".xml" else _from_onnx(source)
    known = set().union(*names.values())
    for name in wanted:
        if name not in known:
            hint = registry.suggest(name, blocks or known)
            raise BadInput(f"{OPTION} names {name!r}, and the graph has no such part.", hint)
    return frozenset(node for node, all_ in names.items() if not all_.isdisjoint(wanted))


def matching(names: Iterable[str], nodes: frozenset[str]) -> list[str]:
    """Those of a converted or optimised graph's names that come from any of the nodes."""
    return [name for name in names if nodes and plain(name, nodes) is not None]


def _from_onnx(source: Path) -> tuple[dict[str, set[str]], set[str]]:
    import onnx

    nodes = onnx.load(source, load_external_data=False).graph.node
    return {n.name: names_of(n) for n in nodes}, {b for n in nodes if (b := block_of(n))}


def _from_ir(source: Path) -> tuple[dict[str, set[str]], set[str]]:
    """An IR tells no parts; where it was converted from torch, the names of nodes hold the modules' paths."""
    import openvino

    ops = openvino.Core().read_model(source).get_ops()
    names = [str(op.get_friendly_name()) for op in ops]
    return {
        n: {n, *prefixes(n.removeprefix("__module.").removeprefix("model."))} for n in names
    }, set()
