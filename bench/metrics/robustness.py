"""Variants under corruptions: what is left of accuracy, and who breaks before the reference does.

mPC is the mean performance under corruption, over levels and corruptions, rPC the same relative to
the images as they are (Michaelis et al., Benchmarking Robustness in Object Detection, 2019). A variant
**breaks earlier** than the reference under a corruption from the first level on at which the interval
of its paired difference to the reference, on the same corrupted images, lies wholly below -margin,
where it does not on the images as they are. That asks for its own loss, not for the corruption's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.metrics.base import HEADLINE, Metric, Row
from bench.metrics.catalog.robustness import question

MARGIN = 0.01
"""Loss of accuracy beyond which a variant has broken: one point."""


@dataclass(frozen=True)
class Under:
    """One variant under one corruption."""

    levels: dict[int, Row]
    mean: Metric
    """Accuracy, mean over the levels, fraction."""
    retained: Metric
    """The same over accuracy on the images as they are."""
    breaks: int | None
    """First level at which it has broken and the reference hasn't; None = at none."""


@dataclass(frozen=True)
class Robustness:
    """One variant under every corruption of its suite."""

    row: Row
    """Any of its rows: model, variant, target and data set are those of all."""
    clean: Row | None
    """On the images as they are."""
    under: dict[str, Under]
    """Corruption -> what became of it."""
    mpc: Metric
    rpc: Metric
    broken: bool
    """Its loss lies beyond the margin on the images as they are already."""


def robustness(rows: Sequence[Row], margin: float = MARGIN) -> tuple[tuple[Robustness, ...], ...]:
    """Variants, in groups that share model, target, data set and protocol; empty without corruption."""
    groups: dict[tuple[object, ...], dict[str, list[Row]]] = {}
    for row in rows:
        variants = groups.setdefault(question(row.result.case), {})
        variants.setdefault(row.result.case.variant.slug, []).append(row)
    return tuple(
        _group(tuple(variants.values()), margin)
        for variants in groups.values()
        if any(r.result.case.protocol.corruption for rs in variants.values() for r in rs)
    )


def _group(variants: Sequence[Sequence[Row]], margin: float) -> tuple[Robustness, ...]:
    asked: dict[str, set[int]] = {}
    for row in (r for rs in variants for r in rs):
        name, level = _corruption(row)
        if name:
            asked.setdefault(name, set()).add(level)
    return tuple(_variant(rows, asked, margin) for rows in variants)


def _variant(rows: Sequence[Row], asked: dict[str, set[int]], margin: float) -> Robustness:
    clean = next((r for r in rows if not _corruption(r)[0]), None)
    broken = clean is not None and _lost(clean, margin)
    under = {}
    for name, levels in asked.items():
        found = {level: r for r in rows for n, level in (_corruption(r),) if n == name}
        mean = _mean(found, levels)
        lost = (level for level in sorted(found) if _lost(found[level], margin))
        breaks = None if broken or clean is None else next(lost, None)
        under[name] = Under(found, mean, _share(mean, clean), breaks)
    means = [u.mean.value for u in under.values() if u.mean.value is not None]
    whole = len(means) == len(under)
    mpc = Metric(fmean(means)) if whole else Metric(None, reason="a corruption has no number")
    return Robustness(rows[0], clean, under, mpc, _share(mpc, clean), broken)


def _corruption(row: Row) -> tuple[str, int]:
    name, _, level = row.result.case.protocol.corruption.partition("/")
    return name, int(level or 0)


def _mean(found: dict[int, Row], levels: set[int]) -> Metric:
    """Mean accuracy over the levels; a missing one would make it another number."""
    values = []
    for level in sorted(levels):
        metric = found[level].metric(HEADLINE) if level in found else None
        if metric is None or metric.value is None:
            why = metric.reason if metric else "not measured"
            return Metric(None, reason=f"level {level}: {why}")
        values.append(metric.value)
    few = ", ".join(str(n) for n in sorted(levels))
    note = f"mean over {'level' if len(levels) == 1 else 'levels'} {few}" if len(levels) < 5 else ""
    return Metric(fmean(values), note=note)


def _share(metric: Metric, clean: Row | None) -> Metric:
    before = clean.value(HEADLINE) if clean else None
    if metric.value is None:
        return metric
    if not before:
        return Metric(None, reason="there is no accuracy on the images as they are")
    return Metric(metric.value / before)


def _lost(row: Row, margin: float) -> bool:
    """Whether the whole interval of the difference to the reference lies beyond the margin."""
    metric = row.metric(f"{HEADLINE}_difference")
    return metric is not None and metric.high is not None and metric.high < -margin
