"""The named things that suites are made of: models, variants, targets and data sets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from bench import registry, resources
from bench.errors import SuiteError, UnknownName
from bench.suite.base import Spec
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.read import check_name, dotted, parse, read_toml
from bench.suite.target import Target
from bench.suite.variant import Variant

T = TypeVar("T")

SHIPPED = ("models", "variants", "targets", "datasets")


class TablesFile(Spec):
    """Keys of any TOML file that defines named things."""

    model: dict[str, dict[str, Any]] = Field(default_factory=dict)
    variant: dict[str, dict[str, Any]] = Field(default_factory=dict)
    target: dict[str, dict[str, Any]] = Field(default_factory=dict)
    dataset: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Tables:
    """Name -> definition."""

    models: dict[str, Model]
    variants: dict[str, Variant]
    targets: dict[str, Target]
    datasets: dict[str, Dataset]

    def over(self, other: Tables) -> Tables:
        """These definitions, and those of `other` that have no namesake here."""
        return Tables(
            models={**other.models, **self.models},
            variants={**other.variants, **self.variants},
            targets={**other.targets, **self.targets},
            datasets={**other.datasets, **self.datasets},
        )


def tables(extra: Path | None = None) -> Tables:
    """Shipped definitions; those in the file `extra` win over them.

    Raises:
        SuiteError: a file can't be understood.
    """
    found = Tables({}, {}, {}, {})
    for name in SHIPPED:
        path = resources.suites_dir() / f"{name}.toml"
        found = inline(parse(TablesFile, read_toml(path), path), path).over(found)
    if extra is None:
        return found
    raw = {k: v for k, v in read_toml(extra).items() if k in TablesFile.model_fields}
    return inline(parse(TablesFile, raw, extra), extra).over(found)


def inline(raw: TablesFile, file: Path) -> Tables:
    """Definitions in a file; relative paths become absolute, from the folder of the file.

    Raises:
        SuiteError: a definition is wrong, or a variant's key isn't its slug.
        UnknownName: it names a backend, loader, exporter or device that nobody brings.
    """
    made = Tables(
        models=_each(Model, raw.model, file, "model"),
        variants=_each(Variant, raw.variant, file, "variant"),
        targets=_each(Target, raw.target, file, "target"),
        datasets=_each(Dataset, raw.dataset, file, "dataset"),
    )
    for key, variant in made.variants.items():
        if variant.slug != key:
            raise SuiteError(
                f"{file}: variant.{key} must be called {variant.slug!r}, as its format, backend, "
                "precision and recipe say.",
                "Rename the table, or change its `recipe`.",
            )
        registered("backend", variant.backend, file, dotted("variant", key, "backend"))
        for i, step in enumerate(variant.steps):
            registered("exporter", step.name, file, dotted("variant", key, "steps", i, "name"))
    for key, model in made.models.items():
        registered("model", model.loader, file, dotted("model", key, "loader"))
    for key, target in made.targets.items():
        registered("device", target.device, file, dotted("target", key, "device"))
    for key, dataset in made.datasets.items():
        registered("dataset", dataset.loader, file, dotted("dataset", key, "loader"))
    folder = file.resolve().parent
    return replace(
        made,
        models={k: _rooted_model(m, folder) for k, m in made.models.items()},
        datasets={
            k: d.model_copy(update={"root": _rooted(d.root, folder)}) if d.root else d
            for k, d in made.datasets.items()
        },
    )


def _each(kind: Any, raw: dict[str, dict[str, Any]], file: Path, table: str) -> dict[str, Any]:
    out = {}
    for key, values in raw.items():
        where = dotted(table, key)
        check_name(key, file, table)
        if "name" in values:
            raise SuiteError(
                f"{file}: {where} has the key 'name' ({values['name']!r}).",
                "The table's own key is its name; leave it out.",
            )
        out[key] = parse(kind, {"name": key, **values}, file, where)
    return out


def registered(kind: str, name: str, file: Path, where: str) -> None:
    """Nothing, where somebody brings the name.

    Raises:
        UnknownName: nobody does.
    """
    try:
        registry.find(kind, name)
    except UnknownName as e:
        raise UnknownName(f"{file}: {where} = {name!r}: there is none.", e.hint) from None


def _rooted_model(model: Model, folder: Path) -> Model:
    if model.source not in {"folder", "file"}:
        return model
    return model.model_copy(update={"location": _rooted(model.location, folder)})


def _rooted(path: str, folder: Path) -> str:
    return str(folder / Path(path).expanduser())
