"""A smaller model out of a trained one: its first queries, its first decoder layers."""

from collections.abc import Mapping
from typing import Any

from bench.errors import BadInput, Unsupported
from bench.models.families.base import Family

OPTIONS = ("queries", "decoder_layers")


def prune(model: Any, family: Family, options: Mapping[str, Any]) -> None:
    """Keep the first `queries` queries and `decoder_layers` layers of the transformer decoder, in place.

    What is left out isn't made up for: nothing is trained again.
    """
    where = {"queries": family.query_tables, "decoder_layers": family.layer_lists}
    for name in OPTIONS:
        if name not in options:
            continue
        count, found = options[name], [model.get_submodule(path) for path in where[name]]
        if not found:
            raise Unsupported(
                f"{family.architecture} has no {name.replace('_', ' ')} to leave out."
            )
        there = min(_rows(m) for m in found)
        if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= there:
            raise BadInput(f"`{name}` is {count!r}.", f"This model takes 1 to {there}.")
        for module in found:
            _shorten(module, count)


def _rows(module: Any) -> int:
    import torch

    return module.num_embeddings if isinstance(module, torch.nn.Embedding) else len(module)


def _shorten(module: Any, count: int) -> None:
    """Leave out all but the first rows of an embedding, or modules of a list, in place."""
    import torch

    if isinstance(module, torch.nn.Embedding):
        module.weight = torch.nn.Parameter(module.weight.detach()[:count].clone())
        module.num_embeddings = count
    else:
        del module[count:]
