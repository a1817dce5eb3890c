"""`segbench train-micro`: repeat the training of a micro model."""

from pathlib import Path
from typing import Annotated, Any

import typer


def train_micro(
    model: Annotated[
        str, typer.Argument(help="mask2former-micro, its -panoptic, or segformer-micro.")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the weights; a killed run goes on from here.")
    ],
    steps: Annotated[int | None, typer.Option(min=1, help="Optimiser steps.")] = None,
    scenes: Annotated[int | None, typer.Option(min=1, help="Training scenes.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the weights and the scenes.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Data-parallel processes of one thread each.")
    ] = None,
) -> None:
    """Train a micro model on procedural scenes, as the shipped weights were."""
    from dataclasses import replace

    from bench.errors import UnknownName
    from bench.registry import suggest
    from bench.train.recipe import RECIPES

    if model not in RECIPES:
        raise UnknownName(f"There is no recipe for {model!r}.", suggest(model, RECIPES))
    asked = {"steps": steps, "scenes": scenes, "seed": seed, "processes": processes}
    given: dict[str, Any] = {k: v for k, v in asked.items() if v is not None}

    from bench.train.loop import train

    print(train(replace(RECIPES[model], **given), out))
