"""The named things that suites are made of: models, variants, targets and data sets."""

from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

from pydantic import Field

from bench import registry, resources
from bench.errors import SuiteError, UnknownName
from bench.suite.base import Spec
from bench.suite.dataset import Dataset
from bench.suite.model import Model
from bench.suite.read import check_name, dotted, parse, read_toml, told_of
from bench.suite.target import Target
from bench.suite.variant import Variant

S = TypeVar("S", bound=Spec)


class TablesFile(Spec):
    """Keys of any TOML file that defines named things."""

    model: dict[str, dict[str, Any]] = Field(default_factory=dict)
    variant: dict[str, dict[str, Any]] = Field(default_factory=dict)
    target: dict[str, dict[str, Any]] = Field(default_factory=dict)
    dataset: dict[str, dict[str, Any]] = Field(default_factory=dict)


class Tables(NamedTuple):
    """Name -> definition; each has a shipped file of its name, or a folder of files."""

    models: dict[str, Model]
    variants: dict[str, Variant]
    targets: dict[str, Target]
    datasets: dict[str, Dataset]

    def over(self, other: Self) -> Self:
        """These definitions, and those of `other` that have no namesake here."""
        both: Any = zip(other, self, strict=True)
        return type(self)(*({**theirs, **mine} for theirs, mine in both))


def tables() -> Tables:
    """Shipped definitions."""
    found = Tables({}, {}, {}, {})
    shipped = resources.suites_dir()
    for name in Tables._fields:
        for path in (*shipped.glob(f"{name}.toml"), *sorted(shipped.glob(f"{name}/*.toml"))):
            raw = read_toml(path)
            with told_of(path):
                found = inline(parse(TablesFile, raw), shipped).over(found)
    return found


def inline(raw: TablesFile, folder: Path) -> Tables:
    """Definitions in a file of a folder, from which relative paths become absolute.

    Raises:
        SuiteError: a definition is wrong, or a variant's key isn't its slug.
        UnknownName: it names a backend, loader, exporter or device that is not registered.
    """
    models = _each(Model, raw.model, "model", "model", "loader")
    variants = _each(Variant, raw.variant, "variant", "backend", "backend")
    targets = _each(Target, raw.target, "target", "device", "device")
    datasets = _each(Dataset, raw.dataset, "dataset", "dataset", "loader")
    for key, variant in variants.items():
        if variant.slug != key:
            raise SuiteError(
                f"variant.{key} must be called {variant.slug!r}, as its format, backend, "
                "precision and recipe say.",
                "Rename the table, or change its `recipe`.",
            )
        for i, step in enumerate(variant.steps):
            registered("exporter", step.name, dotted("variant", key, "steps", i, "name"))
    return Tables(
        {k: _rooted(m, "location", folder) if m.is_path else m for k, m in models.items()},
        variants,
        targets,
        {k: _rooted(d, "root", folder) if d.root else d for k, d in datasets.items()},
    )


def _each(
    of: type[S], raw: dict[str, dict[str, Any]], table: str, kind: str, field: str
) -> dict[str, S]:
    """Checked definitions of a table, whose `field` names something registered of a kind."""
    out = {}
    for key, values in raw.items():
        where = dotted(table, key)
        check_name(key, table)
        if "name" in values:
            raise SuiteError(
                f"{where} has the key 'name' ({values['name']!r}).",
                "The table's own key is its name; leave it out.",
            )
        out[key] = parse(of, {"name": key, **values}, where)
        registered(kind, getattr(out[key], field), dotted(where, field))
    return out


def registered(kind: str, name: str, where: str) -> None:
    """Refuse a name of a kind that neither segbench nor another package brings (UnknownName)."""
    try:
        registry.find(kind, name)
    except UnknownName as e:
        raise UnknownName(f"{where} = {name!r}: there is none.", e.hint) from None


def _rooted(thing: S, field: str, folder: Path) -> S:
    """The thing, whose path in `field` is absolute."""
    path = folder / Path(getattr(thing, field)).expanduser()
    return thing.model_copy(update={field: str(path)})
