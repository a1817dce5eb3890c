"""Which live pairs a gate judges: those just measured, or those that lie in the run and still hold."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bench.gate.pair import Pair
from bench.gate.verdict import Verdict
from bench.record.pairs import PairsRecord
from bench.record.store import Run
from bench.resources import read_bytes

BEGUN = ".begun.json"
"""In pairs/ while a gate measures, case -> its question: one that was killed goes on, a finished one
begins anew."""


class Session(NamedTuple):
    """Live pairs, by case."""

    base: str
    """What they are held against: a run folder or a git revision; empty where they were found."""
    pairs: Mapping[str, PairsRecord]
    expected: frozenset[str] = frozenset()
    """Cases of which pairs were asked for."""

    @property
    def asked(self) -> bool:
        """Whether the caller wanted live pairs, rather than found some."""
        return bool(self.base)


def asked(run: Run, base: str, measured: tuple[PairsRecord, ...], other: Run | None) -> Session:
    """Session of the pairs that were measured for this gate of a run.

    `other` is the run that `base` is; None = it is a git revision, which has no cases of its own.
    """
    timed = {r.case.id for r in run.planned if r.status == "ok" and r.get("timing")}
    if other is not None:
        timed &= {r.case.id for r in other.planned if r.get("timing")}
    return Session(base, {p.case: p for p in measured}, frozenset(timed))


def stored(run: Run) -> tuple[Session | None, tuple[str, ...]]:
    """Session of the pairs in a run's folder, or None, and notes about those that don't hold.

    A case that was measured again after its pairs may be another program now.
    """
    found, notes = {}, []
    half = begun(run.folder)
    for case, record in run.pairs().items():
        if case in half:
            notes.append(
                f"The live pairs of {case} are of a gate that was stopped and weren't judged "
                f"(it goes on with: --live {record.baseline} --only {case})."
            )
            continue
        result = run.get(case)
        first = record.pairs[0].started if record.pairs else record.started
        if result is None or (first and first < result.started):
            notes.append(
                f"The live pairs of {case} are older than its result and weren't judged "
                f"(measure them again: --live {record.baseline})."
            )
        else:
            found[case] = record
    return (Session("", found) if found else None), tuple(notes)


def begun(run: Path) -> dict[str, str]:
    """Case -> question, of the live gates in a run's folder that were stopped before their end."""
    try:
        found = json.loads(read_bytes(run / "pairs" / BEGUN))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def supersedes(session: Session, live: Verdict, pair: Pair) -> bool:
    """Whether live pairs with the very baseline decide in place of its stored latency.

    Pairs with a run folder run both cases with today's code and runtimes. Where those are others than
    the baseline's, or where the same case became another artifact, they can't see what changed.
    """
    record = session.pairs.get(pair.new.id)
    if record is None or live.kind not in {"improved", "unchanged", "regressed"}:
        return False
    old, new = pair.old.result, pair.new.result
    place = old.environment
    if place is None:
        return False
    if Path(record.baseline).resolve() != pair.old_run.folder.resolve():
        commit = record.baseline_commit
        return commit is not None and place.git_dirty is False and place.git_commit == commit
    here = new.environment
    if here is None or (place.versions, place.code_digest) != (here.versions, here.code_digest):
        return False
    # One artifact: only chance tells the two apart. Other cases: nothing else tells them apart.
    digests = {r.artifact and r.artifact.digest for r in (old, new)}
    return len(digests) == 1 or old.fingerprint != new.fingerprint
