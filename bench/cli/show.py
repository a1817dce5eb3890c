"""`segbench show`: the derived numbers of a run, a row a case."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bench.cli.options import Json, Run, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.metrics.base import Metric, Row
    from bench.record.store import Run as Recorded

SCHEMA = 1
"""Of `segbench show --json`. History: 1 = the first (2026-11)."""


def show(
    folder: Run,
    json: Json = False,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a line a case to this file as well.")
    ] = None,
) -> None:
    """The derived numbers of a run, a row a case: accuracy, latency, memory, size, parity."""
    from bench.cli.table import SHOWN
    from bench.metrics.rows import rows
    from bench.record.store import read_run

    run = read_run(folder)
    found = rows(run, None if json or csv else SHOWN)
    if csv is not None:
        _write_csv(found, csv)
    if json:
        print_json(report(run, found), finite=True)
        return
    from rich.console import Console

    from bench.cli.table import print_rows

    print_rows(found, Console(highlight=False))
    if run.pending:
        text = f"{len(run.pending)} of {len(run.info.plan)} cases have no result yet: "
        Console(stderr=True).print(text + ", ".join(run.pending), markup=False, highlight=False)


def report(run: Recorded, rows: Sequence[Row]) -> dict[str, Any]:
    """What `--json` prints: a number or null for each metric, fractions, and why it is null."""
    return {
        "schema": SCHEMA,
        "suite": run.info.suite,
        "cases": [_case(row) for row in rows],
        "pending": list(run.pending),
    }


def _case(row: Row) -> dict[str, Any]:
    numbers = row.metrics
    return {
        "id": row.id,
        "status": row.status,
        "reason": row.result.reason,
        "metrics": {name: m.value for name, m in numbers.items()},
        "intervals": {
            name: [m.low, m.high]
            for name, m in numbers.items()
            if m.low is not None and m.high is not None
        },
        "reasons": {name: m.reason for name, m in numbers.items() if m.value is None},
        "notes": {name: m.note for name, m in numbers.items() if m.note},
        **_by_class(row),
    }


def _by_class(row: Row) -> dict[str, Any]:
    """Metric of a class -> value by class; its difference -> value and both ends by class."""
    from bench.tasks.base import task_of

    out: dict[str, Any] = {}
    for name in task_of(row.result.case).class_metrics:
        out[name] = {c: m.value for c, m in row.by_class.get(name, {}).items()}
        out[f"{name}_difference"] = _ends(row.by_class.get(f"{name}_difference", {}))
    return out


def _ends(metrics: Mapping[str, Metric]) -> dict[str, list[float | None]]:
    """Name -> value and both ends of its 95 % interval."""
    return {name: [m.value, m.low, m.high] for name, m in metrics.items()}


def _write_csv(rows: Sequence[Row], path: Path) -> None:
    """Write id, status, reason, every metric with its interval, and `iou.CLASS` (`pq.CLASS`)."""
    import pandas as pd

    from bench.errors import BadInput
    from bench.tasks.base import task_of

    lines = []
    for row in rows:
        line: dict[str, Any] = {"id": row.id, "status": row.status, "reason": row.result.reason}
        for name, metric in row.metrics.items():
            line[name] = metric.value
            if metric.low is not None:
                line |= {f"{name}.low": metric.low, f"{name}.high": metric.high}
        own = task_of(row.result.case).class_metric
        line |= {f"{own}.{name}": m.value for name, m in row.by_class.get(own, {}).items()}
        lines.append(line)
    try:
        pd.DataFrame(lines).to_csv(path, index=False)
    except OSError as e:
        raise BadInput(f"{path} can't be written: {e.strerror or e}.") from e
