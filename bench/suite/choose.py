"""The caller's choices, applied to a suite: --root, --weights, --dataset, --target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.errors import BadInput, UnknownName, WeightsError
from bench.registry import suggest
from bench.suite.model import Model
from bench.suite.suite import Block, Suite
from bench.suite.tables import Tables


def choose(
    suite: Suite,
    known: Tables,
    *,
    roots: Mapping[str, str],
    weights: Mapping[str, str],
    datasets: Mapping[str, str],
    target: str | None,
) -> Suite:
    """Suite after all choices.

    Raises:
        UnknownName: a choice for something that the suite does not name.
        BadInput: a choice that can't be.
    """
    blocks = suite.blocks
    _all_used("dataset", "--dataset", datasets, {b.dataset.name for b in blocks}, suite)
    blocks = tuple(_swap_dataset(b, known, datasets) for b in blocks)
    _all_used("dataset", "--root", roots, {b.dataset.name for b in blocks}, suite)
    _all_used("model", "--weights", weights, {b.model.name for b in blocks}, suite)
    blocks = tuple(_root(b, roots) for b in blocks)
    blocks = tuple(
        b.model_copy(update={"model": weighted(b.model, weights[b.model.name])})
        if b.model.name in weights
        else b
        for b in blocks
    )
    if target is not None:
        blocks = _on_target(suite.model_copy(update={"blocks": blocks}), known, target)
    return suite.model_copy(update={"blocks": blocks})


def weighted(model: Model, value: str) -> Model:
    """Model with its weights from `seed`, `seed:N`, `hub`, or a folder or ONNX file.

    Raises:
        WeightsError: the value is none of these.
    """
    word, _, seed = value.partition(":")
    update: dict[str, Any]
    if word == "seed" and model.loader == "transformers":
        if seed and not seed.isdecimal():
            raise WeightsError(
                f"--weights {model.name}={value}: {seed!r} is no seed.", "Write seed or seed:7."
            )
        update = {"source": "seeded", "seed": int(seed or 0)}
    elif value == "hub":
        location = model.location if model.source == "hub" else model.hub_id
        if not location:
            raise WeightsError(
                f"--weights {model.name}=hub: the model names no hub id.",
                "Give it a `hub_id`, or name a folder.",
            )
        update = {"source": "hub", "location": location, "seed": None}
    elif model.loader == "onnx":
        update = {"location": str(_existing(model, value, want_file=True))}
    elif model.loader == "callable":
        raise WeightsError(
            f"--weights {model.name}={value}: a callable brings its own weights.",
            "Change its `location` in the suite.",
        )
    else:
        folder = str(_existing(model, value, want_file=False))
        update = {"source": "folder", "location": folder, "revision": None, "seed": None}
    return model.model_copy(update=update)


def _existing(model: Model, value: str, *, want_file: bool) -> Path:
    path = Path(value).expanduser().resolve()
    if value and (path.is_file() if want_file else path.is_dir()):
        return path
    kind = "ONNX file" if want_file else "folder"
    raise WeightsError(
        f"--weights {model.name}={value}: there is no {kind} {str(path)!r}.",
        "Name one that exists." if want_file else "Write a folder, `hub`, `seed` or `seed:N`.",
    )


def _swap_dataset(block: Block, known: Tables, datasets: Mapping[str, str]) -> Block:
    new = datasets.get(block.dataset.name)
    if new is None:
        return block
    if new not in known.datasets:
        raise UnknownName(f"There is no data set called {new!r}.", suggest(new, known.datasets))
    return block.model_copy(update={"dataset": known.datasets[new]})


def _root(block: Block, roots: Mapping[str, str]) -> Block:
    root = roots.get(block.dataset.name)
    if root is None:
        return block
    path = Path(root).expanduser().resolve()
    if not path.is_dir():
        raise BadInput(f"--root {block.dataset.name}={root}: there is no folder {str(path)!r}.")
    dataset = block.dataset.model_copy(update={"root": str(path)})
    return block.model_copy(update={"dataset": dataset})


def _on_target(suite: Suite, known: Tables, target: str) -> tuple[Block, ...]:
    """Blocks on one target; a case that this makes twice stands where it came first."""
    if target not in known.targets:
        raise UnknownName(f"There is no target called {target!r}.", suggest(target, known.targets))
    seen: set[tuple[str, str, str, str]] = set()
    out = []
    for block in suite.blocks:
        fresh = []
        for variant in block.variants:
            key = (block.model.name, variant.slug, block.dataset.name, block.axis)
            if key not in seen:
                seen.add(key)
                fresh.append(variant)
        if fresh:
            there = (block.on(known.targets[target]),)
            update = {"variants": tuple(fresh), "targets": there}
            out.append(block.model_copy(update=update))
    return tuple(out)


def _all_used(
    kind: str, option: str, given: Mapping[str, str], named: Iterable[str], suite: Suite
) -> None:
    names = set(named)
    for name in given:
        if name not in names:
            raise UnknownName(
                f"{option} {name}={given[name]}: suite {suite.name!r} has no {kind} {name!r}.",
                suggest(name, names),
            )
