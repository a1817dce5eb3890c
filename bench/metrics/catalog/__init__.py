"""Every derived number by name, from the table `metrics.toml`; the leaves beside this file compute them.

A plug-in adds more through the entry points `segbench.metric`; `info` answers for its names, too.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from bench.metrics import format as f
from bench.suite.policy import GATED

TABLE = Path(__file__).with_name("metrics.toml")
Better = Literal["higher", "lower", ""]


@dataclass(frozen=True)
class Unit:
    """How numbers of a unit are written."""

    title: str
    """In a column's head."""
    cell: Callable[[float], str]
    """In a column with that head."""
    text: Callable[[float], str]
    """In a sentence, with the unit."""


UNITS = {
    "fraction": Unit("%", f.points, f.percent),
    "agreement": Unit("", f.percent, f.percent),
    "difference": Unit("points", f.signed_points, lambda v: f"{f.signed_points(v)} points"),
    "ms": Unit("ms", f.milliseconds, lambda v: f"{f.milliseconds(v)} ms"),
    "bytes": Unit("", f.size, f.size),
    "images/s": Unit("images/s", f.rate, lambda v: f"{f.rate(v)} images/s"),
    "1/s": Unit("a second", f.rate, lambda v: f"{f.rate(v)} a second"),
    "GFLOP/s": Unit("GFLOP/s", f.rate, lambda v: f"{f.rate(v)} GFLOP/s"),
    "dB": Unit("", f.decibels, f.decibels),
    "joules": Unit("J an image", "{:.3g}".format, "{:.3g} J an image".format),
    "samples": Unit("samples", f.rate, lambda v: f"{f.rate(v)} samples"),
    "flags": Unit("", f.whole, f.whole),
    "parameters": Unit("", f.whole, f.whole),
    "MACs": Unit("", f.whole, f.whole),
    "ratio": Unit("", "{:.3g}".format, "{:.3g}".format),
}


@dataclass(frozen=True)
class MetricInfo:
    """What a name means."""

    name: str
    label: str
    """In words, as tables and sentences call it."""
    unit: str
    """fraction, ms, images/s, bytes, ratio, dB ...; empty where a plug-in doesn't say."""
    better: Better
    """Direction of improvement; empty for a plain quantity."""
    definition: str
    kind: str = ""
    """Registered metric that computes it."""

    @cached_property
    def written(self) -> Unit:
        """How its numbers are written."""
        end = self.name.rpartition("_")[2]  # difference, agreement
        plain = UNITS.get(end) or UNITS.get(self.unit, UNITS["ratio"])
        return replace(plain, cell=CELLS.get(self.name, plain.cell))

    @property
    def title(self) -> str:
        """The label as a column's head."""
        first = self.label.partition(" ")[0]  # p50 and mIoU are written so
        plain = first.isalpha() and first.islower()
        return self.label[:1].upper() + self.label[1:] if plain else self.label

    @property
    def gate(self) -> tuple[str, str] | None:
        """Keys of its limit in a rule and in [gate]; None where the gate doesn't judge it."""
        return GATED.get(self.name)

    @property
    def sentence(self) -> str:
        """Label, unit, direction, meaning, and the limit that a gate holds it to."""
        unit = ", ".join(
            w for w in (self.unit, f"{self.better} is better" if self.better else "") if w
        )
        gated = f" Gate: {self.gate[1]}." if self.gate else ""
        return f"{self.label} ({unit}): {self.definition}{gated}"

    def text(self, value: float | str | None) -> str:
        """`43.15 %`, `12.3 ms`, `6.9 MB`; `none` where there is no number."""
        if value is None or isinstance(value, str):
            return value or "none"
        return self.written.text(value)


CELLS: dict[str, Callable[[float], str]] = {
    "phase_gap": f.signed_points,
    **dict.fromkeys(
        ("latency_between", "latency_within", "missed_deadlines", "dropped_frames", "utilisation",
         "roofline_share"),
        f.points_short,
    ),
}  # fmt: skip
"""Metric -> how a column writes it where its unit would say otherwise: signed, or one decimal."""
CATALOG: dict[str, MetricInfo] = {
    name: MetricInfo(**{"name": name, "kind": kind, **row})
    for kind, rows in tomllib.loads(TABLE.read_text("utf-8")).items()
    for name, row in rows.items()
}
"""Name -> meaning, in the order in which they are shown."""


GATE_ONLY = {
    "status": MetricInfo("status", "status", "", "", "ok, wrong, failed or skipped."),
    "latency_live": MetricInfo("latency_live", "latency, live", "ratio", "lower", "Latency over the baseline's, of pairs of processes that took turns."),
}  # fmt: skip
"""What only a gate knows."""


def info(name: str) -> MetricInfo:
    """Meaning of a name, or of a class's number, `iou.person`.

    A plug-in's own metric gets an empty unit and direction.
    """
    kind, _, of = name.partition(".")
    if of:
        return MetricInfo(name, f"{BY_CLASS.get(kind, kind)} {of}", "fraction", "higher", "")
    known = CATALOG.get(name) or GATE_ONLY.get(name)
    return known or MetricInfo(name, name, "", "", "")


BY_CLASS = {"iou": "IoU", "pq": "PQ", "ap": "AP"}
"""Metric of a class -> its name in words."""
