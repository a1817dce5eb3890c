"""Pools of recorded process pairs: one line of JSON a pair, so that a killed study goes on."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from bench.live import pair
from bench.live.pair import Start
from bench.record.pairs import ProcessPair
from tests.studies.gate import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from bench.jobs.measure import PairJob
    from bench.live.prepared import Tell

Condition = Literal["idle", "loaded"]
SEED = 20261122
"""Of the competing load and of the order within rounds."""


@dataclass(frozen=True)
class Pools:
    """Where a study keeps its pairs."""

    folder: Path

    def read(self, condition: Condition, planted: float) -> list[ProcessPair]:
        """Pairs, in the order in which they were measured; a line that a kill tore is left out."""
        try:
            lines = self._path(condition, planted).read_text().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(ProcessPair.model_validate_json(line))
            except ValidationError:
                continue
        return found

    def add(self, condition: Condition, planted: float, found: ProcessPair) -> None:
        """Append a pair."""
        path = self._path(condition, planted)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A line break first: the line before may have been torn.
        with path.open("a") as f:
            f.write(("\n" if f.tell() else "") + found.model_dump_json())

    def _path(self, condition: Condition, planted: float) -> Path:
        return self.folder / f"{condition}-{round(100 * planted)}.jsonl"


def fill(
    pools: Pools, condition: Condition, wanted: dict[float, int], job: PairJob, tell: Tell
) -> None:
    """Measure what is missing, all slow-downs in turns, so that drift hits them alike.

    Args:
        pools: where the pairs go.
        condition: `loaded` runs the competing load meanwhile.
        wanted: planted slow-down -> pairs.
        job: session of both sides.
        tell: takes a line for the user.
    """
    have = {planted: len(pools.read(condition, planted)) for planted in wanted}
    missing = sum(max(0, n - have[p]) for p, n in wanted.items())
    if not missing:
        return
    say = countdown(missing, tell)
    with competing(condition, sum(have.values())):
        while (planted := next_due(have, wanted)) is not None:
            slowed = Start(job.model_copy(update={"planted": planted}))
            rng = pair.order(f"{SEED} {condition} {planted} {have[planted]}")
            found = pair.live(Start(job), slowed, pools.folder / "logs", rng)
            pools.add(condition, planted, found)
            have[planted] += 1
            say(f"{condition} +{100 * planted:g} %: pair {have[planted]} of {wanted[planted]}")


def next_due(have: dict[float, int], wanted: dict[float, int]) -> float | None:
    """Slow-down that is furthest behind its share; None when all are there."""
    due = [p for p in wanted if have[p] < wanted[p]]
    return min(due, key=lambda p: have[p] / wanted[p]) if due else None


def competing(condition: Condition, offset: int) -> AbstractContextManager[int | None]:
    """The competing load of a condition; other spells where a study goes on."""
    return load.running(SEED + offset) if condition == "loaded" else nullcontext()


def countdown(steps: int, tell: Tell) -> Callable[[str], None]:
    """Function that tells a line with the time left, one call a step."""
    began, done = time.monotonic(), 0

    def say(line: str) -> None:
        nonlocal done
        done += 1
        left = (time.monotonic() - began) / done * (steps - done)
        tell(f"{line}; {left / 60:.0f} min left")

    return say
