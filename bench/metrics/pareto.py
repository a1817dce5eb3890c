"""Which variants nothing beats.

Row a beats row b when it is worse in nothing and better in something. Accuracy has noise: a difference
to the reference variant whose paired interval includes zero counts as no difference, so a loss that
these images can't show costs no place on the front, and of two such variants the faster one stays.
Latency, memory and size are compared by value.

Only alternatives are weighed against each other: rows of one model, target, data set and axis that
are `ok`, whose reference could be computed, and were measured by the same machine under the same accuracy settings and timing fingerprint
(the reference's, or the commonest where there is no reference). `wrong` rows never enter.
"""

from collections import Counter
from collections.abc import Sequence

from bench.metrics.base import HEADLINE, Row
from bench.suite.base import canonical

ACCURACY, SPEED = HEADLINE, "latency_p50_ms"
TRADE_OFF = (ACCURACY, SPEED)
"""What the card's plot shows."""
ALL = (*TRADE_OFF, "rss_peak_bytes", "file_bytes")
"""What `segbench pareto` weighs; less is better in everything but accuracy."""

Group = tuple[str, str, str, str]


def group_of(row: Row) -> Group:
    """Model, target, data set and axis: rows of one group are alternatives to each other."""
    names = row.names
    return names.model, names.target, names.dataset, names.axis


def groups(rows: Sequence[Row]) -> dict[Group, tuple[Row, ...]]:
    """Group -> its rows, both in the given order."""
    found: dict[Group, list[Row]] = {}
    for row in rows:
        found.setdefault(group_of(row), []).append(row)
    return {group: tuple(members) for group, members in found.items()}


def eligible(row: Row, objectives: Sequence[str] = TRADE_OFF) -> bool:
    """Whether a row may be weighed at all: `advisable`, and with a value in every objective."""
    return advisable(row) and all(row.value(name) is not None for name in objectives)


def advisable(row: Row) -> bool:
    """Whether a row is `ok` and its reference could be computed; nothing else is ever advised."""
    parity = row.result.get("parity")
    return row.status == "ok" and not (parity and parity.absent)


def alternatives(rows: Sequence[Row], objectives: Sequence[str] = TRADE_OFF) -> tuple[Row, ...]:
    """Rows that are weighed: `ok`, with a value in every objective, under their group's settings."""
    found: list[Row] = []
    for members in groups(rows).values():
        able = [r for r in members if eligible(r, objectives)]
        if able:
            common = Counter(map(_settings, able)).most_common(1)[0][0]
            anchor = next((_settings(r) for r in able if r.result.case.is_reference), common)
            found += [r for r in able if _settings(r) == anchor]
    return tuple(r for r in rows if any(r is f for f in found))


def pareto(rows: Sequence[Row], objectives: Sequence[str] = TRADE_OFF) -> tuple[Row, ...]:
    """Rows that no other row of their group beats, in the given order."""
    able = alternatives(rows, objectives)
    return tuple(b for b in able if not any(beats(a, b, objectives) for a in able))


def beats(a: Row, b: Row, objectives: Sequence[str] = TRADE_OFF) -> bool:
    """Whether a, of b's group, is worse in no objective and better in at least one."""
    known = change(a) is not None and change(b) is not None
    if not known and a.result.accuracy_fingerprint != b.result.accuracy_fingerprint:
        return False  # scored on other images, and no reference to pair them by
    signs = [better(a, b, name) for name in objectives]
    return group_of(a) == group_of(b) and min(signs) >= 0 and max(signs) > 0


def better(a: Row, b: Row, name: str) -> int:
    """1 where a is better than b in an objective, -1 where it is worse, 0 where neither is."""
    x, y = a.value(name), b.value(name)
    if x is None or y is None:
        return 0
    if name != ACCURACY:
        return (x < y) - (x > y)
    first, second = change(a), change(b)
    if first is not None and second is not None:
        x, y = first, second
    return (x > y) - (x < y)


def change(row: Row) -> float | None:
    """Difference of accuracy to the reference, fraction: 0 where its interval includes 0, None if unknown."""
    if row.result.case.is_reference:
        return 0.0
    metric = row.metric(f"{HEADLINE}_difference")
    if metric is None or metric.value is None:
        return None
    if metric.low is not None and metric.high is not None and metric.low <= 0 <= metric.high:
        return 0.0
    return metric.value


def _settings(row: Row) -> tuple[str, str, str]:
    result = row.result
    machine = result.environment.machine.identity if result.environment else ""
    return canonical(result.case.protocol.accuracy_fields()), result.timing_fingerprint, machine
