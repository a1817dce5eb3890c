"""The caller's choices: --root, --weights, --dataset, --target of a suite, or a single case."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.errors import BadInput, UnknownName, WeightsError
from bench.registry import named, suggest
from bench.suite.case import Case
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.protocol import Protocol
from bench.suite.read import parse, read_toml
from bench.suite.suite import Block, Suite
from bench.suite.tables import Tables, TablesFile, inline, tables


def choose(
    suite: Suite,
    known: Tables,
    roots: Mapping[str, str],
    weights: Mapping[str, str],
    datasets: Mapping[str, str],
    target: str | None = None,
) -> Suite:
    """Suite after all choices.

    `roots` maps a data set to its folder, `weights` a model to `seed`, `seed:N`, `hub` or a folder (an
    ONNX file for an ONNX model), `datasets` a set to one in its place; `target` replaces every other.

    Raises:
        UnknownName: a choice for something that the suite does not name.
        BadInput: a choice that can't be.
    """
    replaced = lambda _, name: named(known.datasets, "data set", name)  # noqa: E731
    suite = _chosen(suite, "dataset", "--dataset", datasets, replaced)
    suite = _chosen(suite, "dataset", "--root", roots, _rooted)
    suite = _chosen(suite, "model", "--weights", weights, weighted)
    if target is not None:
        suite = suite.model_copy(update={"blocks": _on_target(suite, known, target)})
    return suite


def _chosen(
    suite: Suite, kind: str, option: str, given: Mapping[str, str], change: Callable[..., Any]
) -> Suite:
    """Suite whose models or data sets that `given` names are changed by its values."""
    if not given:  # the same blocks, so that they aren't expanded again
        return suite
    names = {getattr(block, kind).name for block in suite.blocks}
    for name in given:
        if name not in names:
            raise UnknownName(
                f"{option} {name}={given[name]}: suite {suite.name!r} has no {kind} {name!r}.",
                suggest(name, names),
            )

    def one(block: Block) -> Block:
        old = getattr(block, kind)
        new = change(old, given[old.name]) if old.name in given else old
        return block.model_copy(update={kind: new})

    return suite.model_copy(update={"blocks": tuple(map(one, suite.blocks))})


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


def _rooted(dataset: Dataset, root: str) -> Dataset:
    path = Path(root).expanduser().resolve()
    if not path.is_dir():
        raise BadInput(f"--root {dataset.name}={root}: there is no folder {str(path)!r}.")
    return dataset.model_copy(update={"root": str(path)})


def _on_target(suite: Suite, known: Tables, target: str) -> tuple[Block, ...]:
    """Blocks on one target; a case that this makes twice stands where it came first."""
    there = named(known.targets, "target", target)
    seen: set[tuple[str, str, str, str]] = set()
    out = []
    for block in suite.blocks:
        place = (block.model.name, block.dataset.name, block.axis)
        fresh = tuple(v for v in block.variants if (*place, v.slug) not in seen)
        seen |= {(*place, v.slug) for v in fresh}
        if fresh:
            update = {"variants": fresh, "targets": (block.on(there),)}
            out.append(block.model_copy(update=update))
    return tuple(out)


def single_case(
    model: str,
    variant: str,
    dataset: str,
    *,
    roots: Mapping[str, str],
    weights: Mapping[str, str],
    protocol: Mapping[str, Any],
) -> Case:
    """Case of shipped names on the target `cpu`, for commands that take no suite.

    `variant` may also be the path of a TOML file that defines one.

    Raises:
        UnknownName: a name that no table has.
        BadInput: the file defines no variant, or several.
    """
    known = tables()
    if variant.endswith(".toml"):
        told = inline(parse(TablesFile, read_toml(Path(variant))), Path(variant).parent).variants
        if len(told) != 1:
            raise BadInput(
                f"{variant} defines {len(told)} variants.", "Leave one table [variant.NAME] in it."
            )
        (variant,) = told
        known = known._replace(variants={**known.variants, **told})
    block = Block(
        model=named(known.models, "model", model),
        dataset=named(known.datasets, "data set", dataset),
        variants=(named(known.variants, "variant", variant),),
        targets=(known.targets["cpu"],),
        protocol=Protocol.model_validate(dict(protocol)),
    )
    suite = Suite(name=model, title=model, reference=known.variants["torch-fp32"], blocks=(block,))
    return choose(suite, known, roots, weights, {}).expand()[0]
