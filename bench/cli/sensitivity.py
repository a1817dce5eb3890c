"""`segbench sensitivity`: what quantizing each block of a model costs, and which to leave out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.options import AllowCode, Json, Roots, pairs, print_json

if TYPE_CHECKING:
    from bench.plan.sensitivity import Cost, Found
    from bench.suite.variant import Variant

SCHEMA = 1
"""Of the JSON. History: 1 = the first (2026-11)."""


def sensitivity(
    model: Annotated[str, typer.Argument(help="A model's name (segbench list models).")],
    variant: Annotated[
        str, typer.Option("--variant", help="A variant that quantizes, or a TOML file with one.")
    ],
    dataset: Annotated[
        str, typer.Option("--dataset", help="Data set that judges, and gives calibration images.")
    ] = "scenes",
    images: Annotated[
        int | None, typer.Option("--images", min=2, help="Judge on the first so many.")
    ] = None,
    win_back: Annotated[
        float, typer.Option("--win-back", min=0.1, max=1.0, help="Share of the loss to win back.")
    ] = 0.8,
    out: Annotated[
        Path | None, typer.Option("--out", help="JSON; the variant goes beside it, as TOML.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", help="Folder of the rows.  [default: runs/sensitivity-MODEL-VARIANT]"
        ),
    ] = None,
    root: Roots = None,
    weights: Annotated[str | None, typer.Option("--weights", help="A folder or `hub`.")] = None,
    allow_code: AllowCode = False,
    json_: Json = False,
) -> None:
    """Quantize each block of a model alone; rank the costs; find what to leave out."""
    from bench import resources
    from bench.cli.watch import Watch
    from bench.errors import Unsupported
    from bench.plan import sensitivity as plan
    from bench.plan.setting import Setting
    from bench.suite.choose import single_case

    case = single_case(
        model,
        variant,
        dataset,
        roots=pairs(root, "--root"),
        weights={model: weights} if weights else {},
        protocol={"images": images},
    )
    if case.model.unjudged:
        raise Unsupported(f"Model {model!r} has no accuracy: {case.model.unjudged}.")
    folder = (run or Path("runs") / f"sensitivity-{model}-{case.variant.slug}").resolve()
    setting = Setting(run=folder, cache=resources.cache_dir(), allow_code=allow_code)
    with Watch(1) as watch:
        found = plan.search(case, setting, watch, win_back)
    report = _report(found, model, case.variant.slug, dataset)
    kept = plan.excluding(case.variant, report["exclude"], "kept") if found.kept else None
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        if kept is not None:
            out.with_suffix(".toml").write_text(toml(kept))
    if json_:
        print_json(report)
    else:
        _print(found, report, kept)


def _report(found: Found, model: str, variant: str, dataset: str) -> dict[str, Any]:
    parameters, macs = (
        max(1, sum(getattr(b, name) for b, _ in found.blocks)) for name in ("parameters", "macs")
    )
    blocks = [
        {
            "block": block.name,
            "parameters": block.parameters / parameters,
            "macs": block.macs / macs,
            **_cost(cost),
        }
        for block, cost in found.blocks
    ]
    kept = [
        {"exclude": list(c.excluded), **_cost(c), "won_back": found.won_back(c)} for c in found.kept
    ]
    return {
        "schema": SCHEMA,
        "model": model,
        "variant": variant,
        "dataset": dataset,
        "metric": found.label,
        "images": found.images,
        "whole": _cost(found.whole),
        "blocks": blocks,
        "lists": kept,
        "exclude": kept[-1]["exclude"] if kept else [],
    }


def _cost(cost: Cost) -> dict[str, float | None]:
    return {
        "value": cost.headline.value,
        "difference": cost.difference.value,
        "low": cost.difference.low,
        "high": cost.difference.high,
        "sqnr_db": cost.sqnr_db,
    }


def _print(found: Found, report: dict[str, Any], kept: Variant | None) -> None:
    from bench.cli.table import aligned

    head = ["quantized", "parameters", "MACs", f"{found.label}, points", "95 % interval", "SQNR"]
    body = [
        [b["block"], f"{100 * b['parameters']:.1f} %", f"{100 * b['macs']:.1f} %", *_numbers(b)]
        for b in report["blocks"]
    ]
    body.append(["all", "100.0 %", "100.0 %", *_numbers(report["whole"])])
    for line in aligned([head, *body], 1):
        print(line)
    print(f"\nDifferences to the graph that isn't quantized, paired over {found.images} images.")
    if kept is None:
        print("Quantizing everything loses nothing that these images show, so nothing is left out.")
        return
    for tried in report["lists"]:
        share = f"{100 * tried['won_back']:.0f} %" if tried["won_back"] is not None else "-"
        print(
            f"Without {', '.join(tried['exclude'])}: {_numbers(tried)[0]} points, {share} won back."
        )
    print(f"\n{toml(kept)}", end="")


def _numbers(cost: dict[str, float | None]) -> list[str]:
    def points(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:+.2f}"

    sqnr = cost["sqnr_db"]
    interval = f"{points(cost['low'])} to {points(cost['high'])}"
    return [points(cost["difference"]), interval, "-" if sqnr is None else f"{sqnr:.1f} dB"]


def toml(variant: Variant) -> str:
    """The variant as a table of a suite or of a file that `--variant` takes."""
    fields = variant.model_dump(mode="json", exclude={"name"}, exclude_defaults=True)
    lines = [f"{key} = {_value(value)}\n" for key, value in fields.items()]
    return f"[variant.{_key(variant.slug)}]\n{''.join(lines)}"


def _key(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)
