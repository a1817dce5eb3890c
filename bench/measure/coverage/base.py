"""Sums of a runtime's operators, by type and precision."""

from collections.abc import Iterable
from typing import NamedTuple

from bench.record.coverage import OperatorCoverage

CALLS = 6
WARMUP = 2


class Operator(NamedTuple):
    """One operator of the graph that a runtime executes."""

    kind: str
    precision: str
    macs: int
    time_ns: tuple[int, ...]


def summed(found: Iterable[Operator]) -> tuple[OperatorCoverage, ...]:
    """Sums over operators of one type and precision, the slowest first, without those that do nothing."""
    groups: dict[tuple[str, str], list[Operator]] = {}
    for operator in found:
        if not operator.macs and not any(operator.time_ns):
            continue
        groups.setdefault((operator.kind, operator.precision), []).append(operator)
    made = (
        OperatorCoverage(
            operator=kind,
            precision=precision,
            count=len(members),
            macs=sum(m.macs for m in members),
            time_ns=tuple(map(sum, zip(*(m.time_ns for m in members), strict=True))),
        )
        for (kind, precision), members in groups.items()
    )
    return tuple(sorted(made, key=lambda o: (-sum(o.time_ns), o.operator, o.precision)))
