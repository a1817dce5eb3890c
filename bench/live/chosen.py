"""Which cases of a run are paired."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from bench.errors import NothingMeasured

if TYPE_CHECKING:
    from bench.live.session import Tell
    from bench.record.store import Run
    from bench.suite.case import Case


def choose(run: Run, base: Run | None, name: str, only: str, tell: Tell) -> list[tuple[Case, Case]]:
    """Candidate and baseline of each case that was timed; without a base, each is its own.

    A case that is wrong is another model, whose latency passes no gate, and float16 on a processor takes
    a minute a pair. So such cases are left out, unless `only` is the very id of one.

    Args:
        run: the candidates.
        base: the baselines; None = a git revision, which has no cases of its own.
        name: how the caller names the base.
        only: shell pattern on the cases' ids.
        tell: takes a line for the user.

    Raises:
        NothingMeasured: no case is left.
    """
    found, wrong = [], []
    for result in run.results:
        case = result.case
        there = case if base is None else _of(base, case.id)
        if there is None or not result.get("timing") or not fnmatch.fnmatchcase(case.id, only):
            continue
        if result.status == "ok" or case.id == only:
            found.append((case, there))
        elif result.status == "wrong":
            wrong.append(case.id)
    if wrong:
        tell(
            f"left out, because they are wrong: {', '.join(wrong)} (--only ID pairs one all the same)"
        )
    if not found:
        raise NothingMeasured(
            f"{run.folder} has no timed case that could be held against {name}.",
            "Name another base, or another --only.",
        )
    return found


def _of(run: Run, case_id: str) -> Case | None:
    result = run.get(case_id)
    return result.case if result and result.status in {"ok", "wrong"} else None
