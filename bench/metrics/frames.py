"""A run as pandas tables; the unit of every number stands in its column's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.metrics.catalog import info
from bench.metrics.rows import rows
from bench.record.store import Run
from bench.tasks.base import task_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from bench.record.timing import Launch

SUFFIX = {
    "images/s": "ips",
    "1/s": "hz",
    "joules": "j",
    "dB": "db",
    "GFLOP/s": "gflops",
    "MACs": "macs",
}
"""Unit -> how a column's name ends; other units as they are."""


class LoadedRun(Run):
    """A run, and its numbers, timings and counts as tables."""

    def frame(self) -> pd.DataFrame:
        """A row a case: its names, every metric, and `_low` and `_high` of its 95 % interval."""
        lines = []
        for row in rows(self):
            n = row.names
            line: dict[str, Any] = {
                "case": n.id, "model": n.model, "variant": n.variant, "target": n.target,
                "dataset": n.dataset, "axis": n.axis, "status": n.status, "reason": n.reason,
            }  # fmt: skip
            for name, metric in row.metrics.items():
                column = column_of(name)
                line[column] = metric.value
                if metric.low is not None:
                    line |= {f"{column}_low": metric.low, f"{column}_high": metric.high}
            lines.append(line)
        return _table(lines)

    def samples(self) -> pd.DataFrame:
        """A row a timing: case, launch, iteration, `end_to_end_ns`, each phase, what was read beside."""
        return _table(
            {
                "case": result.case.id,
                "variant": result.case.variant.slug,
                "launch": number,
                **sample,
            }
            for result in self.planned
            if (timing := result.get("timing"))
            for number, launch in timing.numbered.items()
            for sample in _samples(launch)
        )

    def images(self) -> pd.DataFrame:
        """A row an image, metric of a class and class: the quotient of whose sums the metric is."""
        return _table(line for result in self.planned for line in self._counts(result.case.id))

    def _counts(self, case_id: str) -> Iterator[dict[str, Any]]:
        result = self.get(case_id)
        found = result.get(task_of(result.case).kind) if result else None
        if result is None or found is None:
            return
        same = {"case": case_id, "variant": result.case.variant.slug}
        for metric, of in task_of(result.case).ratios(found, self.folder / "cases").items():
            for image, parts, wholes in zip(
                found.images, of.part.tolist(), of.whole.tolist(), strict=True
            ):
                for name, part, whole in zip(of.names, parts, wholes, strict=True):
                    yield {**same, "image": image, "metric": metric, "class": name,
                           "numerator": part, "denominator": whole}  # fmt: skip


def column_of(name: str) -> str:
    """Name of a metric with its unit at the end: `miou_fraction`, `latency_p50_ms`."""
    unit = info(name).unit
    end = SUFFIX.get(unit, unit)
    return name if not end or name.endswith(end) else f"{name}_{end}"


def _samples(launch: Launch) -> Iterator[dict[str, Any]]:
    columns = {
        "started_ns": launch.started_ns,
        "end_to_end_ns": launch.end_to_end_ns,
        **{f"{phase}_ns": times for phase, times in launch.phases_ns.items()},
        **launch.readings,
    }
    there = {name: values for name, values in columns.items() if values}
    for i in range(len(launch.end_to_end_ns)):
        yield {"iteration": i, **{k: v[i] for k, v in there.items() if i < len(v)}}


def _table(lines: Iterable[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(lines))
