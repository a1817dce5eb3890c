"""Advice in sentences: what to take, and what nothing beats; `wrong` rows never enter."""

from collections.abc import Sequence

from bench.metrics.base import Row
from bench.metrics.format import (
    finite,
    interval,
    listing,
    milliseconds,
    points,
    ratio,
    signed_points,
)
from bench.metrics.pareto import ACCURACY, SPEED, advisable, better, eligible
from bench.report.labels import with_axis
from bench.report.view import Group

EVEN = ratio(1.0)
"""As fast, within the digits that are shown."""


def number(row: Row | None, name: str) -> float | None:
    """A metric's value, finite or None."""
    return finite(row.value(name)) if row else None


def candidates(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows that may be advised: status ok, with an accuracy and a latency."""
    return tuple(r for r in rows if eligible(r))


def pick(group: Group) -> Row | None:
    """Variant to take: the fastest that loses no accuracy that the images can show against the reference.

    Where no variant is that good, the most accurate one; where the model has no accuracy, the fastest.
    """
    if group.case.model.unjudged:
        timed = [r for r in group.rows if advisable(r) and number(r, SPEED) is not None]
        return min(timed, key=lambda r: (r.value(SPEED) or 0.0, r.id)) if timed else None
    front = group.front
    reference = group.reference
    if reference is None or not eligible(reference):
        return max(front, key=lambda r: (r.value(ACCURACY) or 0.0, r.id)) if front else None
    kept = [r for r in front if better(r, reference, ACCURACY) >= 0]
    return (kept or front or (None,))[0]


def speedup(row: Row | None, reference: Row | None) -> str:
    """`2.1 x`: how many times as fast as the reference; empty where there is nothing to say."""
    mine, base = number(row, SPEED), number(reference, SPEED)
    if row is None or reference is None or row.id == reference.id or not mine or base is None:
        return ""
    return ratio(base / mine)


def advise(groups: Sequence[Group]) -> tuple[str, ...]:
    """Advice for each group; where there are variants to choose among, of those groups alone."""
    choices = [g for g in groups if len(candidates(g.rows)) != 1] or groups
    return tuple(" ".join(said) for g in choices if (said := advice(g)))


def advice(group: Group) -> tuple[str, ...]:
    """Sentences for one group: what to take, and what nothing beats."""
    best, reference = pick(group), group.reference
    latency = number(best, SPEED)
    if best is None or latency is None:
        return ()
    name, of = best.names.variant, best.names
    where = with_axis(f"{of.model} on {of.target}", of.axis)
    times = speedup(best, reference)
    times = "" if times == EVEN else f"{times} "
    against = ""
    if reference is not None and reference.id != best.id:
        against = f", {times}as fast as {reference.names.variant}"
    if group.case.model.unjudged:
        why = "It gives features alone" if group.case.model.features else "Its weights are seeded"
        return (
            f"{where}: the fastest variant is {name}, {milliseconds(latency)} ms{against}.",
            f"{why}, so nothing here speaks about accuracy.",
        )
    accuracy = number(best, ACCURACY) or 0.0
    first = f"{where}: take {name}: {best.names.label} {points(accuracy)} at {milliseconds(latency)} ms{against}"
    front = group.front
    if len(candidates(group.rows)) == 1:
        return (f"{first}{_loss(best)}; no other variant can be compared with it.",)
    if len(front) == 1:
        return (f"{first}{_loss(best)}.", "Nothing else is faster or measurably more accurate.")
    every = [
        f"{r.names.variant} ({points(number(r, ACCURACY) or 0.0)} at "
        f"{milliseconds(number(r, SPEED) or 0.0)} ms)"
        for r in front
    ]
    return (f"{first}{_loss(best)}.", f"Nothing beats {listing(every)}.")


def _loss(row: Row) -> str:
    """`, 0.05 points ...`: the paired difference to the reference, with its interval."""
    metric = row.metric(f"{ACCURACY}_difference")
    difference = finite(metric.value) if metric else None
    if row.result.case.is_reference or metric is None or difference is None:
        return ""
    if difference == metric.low == metric.high == 0:
        return f", with exactly the reference's {row.names.label}"
    around = interval(metric, signed_points)
    said = f"{signed_points(difference)} points against the reference"
    return f", {said} ({around})" if around else f", {said}"
