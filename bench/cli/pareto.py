"""`segbench pareto`: the variants that nothing beats, and one sentence of advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.cli.options import Json, Run, print_json

if TYPE_CHECKING:
    from bench.metrics.base import Row

SCHEMA = 1
"""Of `segbench pareto --json`. History: 1 = the first (2026-11)."""


NOTHING = "No variant can be advised: none is ok with both an accuracy and a latency."


def pareto(folder: Run, json: Json = False) -> None:
    """The variants that nothing beats in accuracy, latency, memory and size, and what to deploy."""
    from bench.errors import NothingMeasured
    from bench.metrics.pareto import ACCURACY, ALL
    from bench.metrics.rows import rows
    from bench.record.store import read_run
    from bench.report.recommend import advise
    from bench.report.view import View

    run = read_run(folder)
    found = rows(run, (*ALL, f"{ACCURACY}_difference"))
    said = " ".join(advise(View(run, found).measured_groups)) or NOTHING
    report: dict[str, Any] = {"schema": SCHEMA, "groups": _groups(found), "advice": said}
    if json:
        print_json(report)
    else:
        _print(report)
    if not any(g["variants"] for g in report["groups"]):
        raise NothingMeasured(
            f"No case in {folder} is ok with accuracy, latency, memory and size, so nothing is weighed.",
            "Seeded weights have no accuracy; `segbench show` lists what there is.",
        )


def _groups(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    from bench.metrics.pareto import ALL, alternatives, beats, groups
    from bench.metrics.pareto import pareto as front

    made = []
    for (model, target, dataset, axis), members in groups(rows).items():
        able = alternatives(members, ALL)
        best, trade_off = front(members, ALL), front(members)
        variants = [
            {
                "id": row.id,
                "variant": row.names.variant,
                "front": row in best,
                "trade_off": row in trade_off,
                "beaten_by": [r.names.variant for r in able if beats(r, row, ALL)],
                "metrics": {row.key(name): row.value(name) for name in ALL},
            }
            for row in able
        ]
        left = [
            {"id": r.id, "variant": r.names.variant, "status": r.status, "reason": r.names.reason}
            for r in members
            if r not in able
        ]
        place = {"model": model, "target": target, "dataset": dataset, "axis": axis}
        made.append({**place, "variants": variants, "left_out": left})
    return made


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape

    # Soft wrap: a row stays one line where the output is no terminal, or a narrow one.
    console = Console(highlight=False, soft_wrap=True)
    for group in report["groups"]:
        if not group["variants"]:
            continue
        place = f"{group['model']} on {group['target']}, {group['dataset']} {group['axis']}".strip()
        console.print(f"[bold]{escape(place)}[/]")
        for line in _table(group["variants"]):
            console.print(f"  {escape(line)}")
        if group["left_out"]:
            aside = ", ".join(f"{r['variant']} ({r['status']})" for r in group["left_out"])
            console.print(f"  [dim]not weighed: {escape(aside)}[/]")
        console.print()
    console.print(f"[bold]{escape(report['advice'])}[/]")


def _table(variants: list[dict[str, Any]]) -> list[str]:
    """Aligned lines, the front first."""
    from bench.cli.table import aligned
    from bench.metrics.catalog import info

    ordered = sorted(variants, key=lambda v: (not v["trade_off"], not v["front"]))
    head = ["variant", "standing", *(info(n).label for n in ordered[0]["metrics"])]
    rows = [
        [v["variant"], _say(v), *(info(n).text(x) for n, x in v["metrics"].items())]
        for v in ordered
    ]
    return aligned([head, *rows], 2)


def _say(variant: dict[str, Any]) -> str:
    if variant["trade_off"]:
        return "nothing beats it"
    if variant["front"]:
        return "only for its memory or size"
    return f"beaten by {', '.join(variant['beaten_by'])}"
