"""`segbench list`: names of suites, models and other things, and the package that provides each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import Json, print_json

if TYPE_CHECKING:
    from bench.suite.variant import Variant

DEFINED = ("models", "variants", "targets", "datasets")
REGISTERED = {
    "metrics": "metric",
    "backends": "backend",
    "exporters": "exporter",
    "devices": "device",
    "model-loaders": "model",
    "families": "family",
    "dataset-loaders": "dataset",
    "preprocess": "preprocess",
    "postprocess": "postprocess",
    "corruptions": "corruption",
    "sections": "section",
}
KINDS = ("suites", *DEFINED, *REGISTERED)

Listing = list[dict[str, str]]


def list_(
    kind: Annotated[
        str | None, typer.Argument(help=f"One of: {', '.join(KINDS)}. All, unless told.")
    ] = None,
    json: Json = False,
) -> None:
    """List suites, models, variants, targets and other things, and the package that provides each."""
    from bench.errors import UnknownName
    from bench.registry import suggest

    if kind is not None and kind not in KINDS:
        raise UnknownName(f"There is no kind of thing called {kind!r}.", suggest(kind, KINDS))
    found = {k: listing(k) for k in KINDS if kind in {None, k}}
    if json:
        print_json({"schema": 1, "kinds": found})
        return
    for name, rows in found.items():
        _print(name, rows, whole=kind is not None)


def listing(kind: str) -> Listing:
    """Rows of one kind: `name`, `provider`, `about`."""
    from bench import registry
    from bench.suite.load import load_suite, shipped, tables

    if kind == "suites":
        return [_row(name, "segbench", load_suite(name).title) for name in shipped()]
    if kind == "variants":
        return [_row(name, "segbench", _installable(v)) for name, v in tables().variants.items()]
    if kind in DEFINED:
        table = getattr(tables(), kind)
        return [_row(name, "segbench", thing.about) for name, thing in table.items()]
    entries = registry.entries(REGISTERED[kind])
    if kind == "metrics":
        from bench.metrics.catalog import CATALOG

        own = [_row(name, "segbench", about.sentence) for name, about in CATALOG.items()]
        others = [e for e in entries.values() if e.provider != "segbench"]
        return [*own, *(_row(e.name, e.provider, e.target) for e in others)]
    return [_row(e.name, e.provider, e.target) for e in entries.values()]


def _installable(variant: Variant) -> str:
    """What a variant is, and what must be installed for it."""
    from bench.execute import probe

    absent = probe.uninstalled(probe.needs(variant))
    return f"{variant.about} {absent}." if absent else variant.about


def _row(name: str, provider: str, about: str) -> dict[str, str]:
    return {"name": name, "provider": provider, "about": " ".join(about.split())}


def _print(kind: str, rows: Listing, *, whole: bool) -> None:
    """One line a row; the whole text where only one kind was asked for."""
    import shutil
    import textwrap

    wide = max((len(r["name"]) for r in rows), default=0)
    room = max(shutil.get_terminal_size((100, 24)).columns - wide - 4, 30)
    print(f"{kind} ({len(rows)})")
    for row in rows:
        by = "" if row["provider"] == "segbench" else f" [{row['provider']}]"
        lines = textwrap.wrap(row["about"] + by, room) or [by]
        if len(lines) > 1 and not whole:
            lines = [textwrap.shorten(row["about"], room - len(by), placeholder=" \u2026") + by]
        for i, line in enumerate(lines):
            print(f"  {'' if i else row['name']:<{wide}}  {line}".rstrip())
    print()
