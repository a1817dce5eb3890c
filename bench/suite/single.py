"""One case outside of a suite, for commands that name a model and a variant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.registry import named
from bench.suite.case import Case
from bench.suite.choose import choose
from bench.suite.protocol import Protocol
from bench.suite.suite import Block, Suite
from bench.suite.tables import tables


def single_case(
    model: str,
    variant: str,
    dataset: str,
    *,
    roots: Mapping[str, str],
    weights: Mapping[str, str],
    protocol: Mapping[str, Any],
) -> Case:
    """Case of shipped names on the target `cpu`.

    Raises:
        UnknownName: a name that no table has.
    """
    known = tables()
    block = Block(
        model=named(known.models, "model", model),
        dataset=named(known.datasets, "data set", dataset),
        variants=(named(known.variants, "variant", variant),),
        targets=(known.targets["cpu"],),
        protocol=Protocol.model_validate(dict(protocol)),
    )
    suite = Suite(name=model, title=model, reference=known.variants["torch-fp32"], blocks=(block,))
    chosen = choose(suite, known, roots=roots, weights=weights, datasets={}, target=None)
    return chosen.expand()[0]
