"""Options that several verbs have, and the JSON that they print."""

from pathlib import Path
from typing import Annotated, Any

import typer

Run = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]
Suite = Annotated[str, typer.Argument(help="A shipped suite's name, or the path of a TOML file.")]
Only = Annotated[
    str | None, typer.Option(metavar="GLOB", help="Only cases whose id matches; * crosses /.")
]
Roots = Annotated[
    list[str] | None, typer.Option("--root", metavar="DATASET=DIR", help="Where a data set lies.")
]
AllowCode = Annotated[bool, typer.Option("--allow-code", help="Let models run their own Python.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON, with a schema number.")]


def print_json(report: Any, *, finite: bool = False) -> None:
    """Print an object as JSON; `finite`: refuse NaN and infinity, which the report can't hold."""
    import json

    print(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=not finite))


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """Name -> value of every `NAME=VALUE`.

    Raises:
        BadInput: one has no name, no `=` or no value, or a name comes twice.
    """
    from bench.errors import BadInput

    out: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise BadInput(f"{option} {text!r} isn't of the form NAME=VALUE.")
        if name in out:
            raise BadInput(f"{option} names {name!r} twice.")
        out[name] = value
    return out
