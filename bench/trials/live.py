"""Live pairs of a run's cases against a base: a run folder, or a git revision.

Against a run folder both sides are today's code, and what differs is the case (another variant,
options, weights). Against a revision the case is the same, and what differs is the code.
"""

from __future__ import annotations

import fnmatch
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import resources
from bench.errors import BadInput, NothingMeasured
from bench.gate.live import threshold
from bench.gate.verdict import LIVE
from bench.record.pairs import PairsRecord
from bench.record.store import file_stem, read_run, to_json, write_atomic
from bench.run import collect, keys, machine
from bench.trials import calibrated, look, pair, revision
from bench.trials.session import ready
from bench.trials.side import Start

if TYPE_CHECKING:
    from bench.record.calibration import Calibration
    from bench.record.pairs import ProcessPair
    from bench.record.store import Run
    from bench.spec.case import Case
    from bench.spec.policy import GatePolicy
    from bench.trials.revision import Revision
    from bench.trials.session import Tell

BEGUN = ".begun.json"
"""In pairs/ while a gate measures: one that was killed goes on, a finished one begins anew."""


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Task:
    """What one call measures."""

    run: Run
    base: str
    other: Run | Revision
    policy: GatePolicy
    pairs: int
    calibration: Calibration | None
    allow_code: bool
    tell: Tell


def measure(
    run_folder: Path,
    base: str,
    *,
    only: str | None = None,
    pairs: int | None = None,
    allow_code: bool = False,
    policy: GatePolicy | None = None,
    say: Tell = _print,
) -> tuple[PairsRecord, ...]:
    """Pairs of every timed case of a run, each on disk in its pairs/ as soon as it is measured.

    Args:
        run_folder: run whose cases are the candidates.
        base: run folder, or revision of the git repository that the command runs in.
        only: shell pattern on the cases' ids.
        pairs: pairs of one look; None = the policy's.
        allow_code: let models run their own Python.
        policy: the one that will judge; None = the base's, or the run's against a revision.
        say: takes a line for the user.

    Raises:
        BadInput: the base is neither, or its environment can't be built.
        NothingMeasured: no case is in both, or none was timed.
        CaseFailed: a session died.
    """
    if pairs is not None and pairs < 2:
        raise BadInput(f"{pairs} pair gives no interval.", "Ask for at least two: --pairs 10")
    run = read_run(run_folder)
    folder = Path(base)
    other: Run | Revision
    if (folder / "run.json").is_file():
        other = read_run(folder)
        policy = policy or other.info.gate  # it judges, too: a run can't loosen its own gate
    else:
        other = revision.build(base, Path.cwd(), resources.cache_dir(), say)
        policy = policy or run.info.gate
    cases = _cases(run, other, only)
    if not cases:
        raise NothingMeasured(
            f"{run_folder} has no timed case that could be held against {base}.",
            "Name another base, or another --only.",
        )
    task = Task(
        run,
        base,
        other,
        policy,
        pairs or policy.pairs,
        calibrated.attach(run_folder),
        allow_code,
        say,
    )
    return _all(task, cases)


def _cases(run: Run, other: Run | Revision, only: str | None) -> list[tuple[Case, Case]]:
    """Candidate and baseline of each case that was timed."""
    found = []
    for result in run.results:
        case = result.case
        there = case if isinstance(other, revision.Revision) else _of(other, case.id)
        if only is not None and not fnmatch.fnmatchcase(case.id, only):
            continue
        if there is not None and result.status in {"ok", "wrong"} and result.get("timing"):
            found.append((case, there))
    return found


def _of(run: Run, case_id: str) -> Case | None:
    result = run.get(case_id)
    return result.case if result and result.status in {"ok", "wrong"} else None


def _all(task: Task, cases: list[tuple[Case, Case]]) -> tuple[PairsRecord, ...]:
    folder = task.run.folder / "pairs"
    headers = [_prepare(task, candidate, baseline) for candidate, baseline in cases]
    begun = "\n".join(header.model_dump_json() for header, _, _ in headers).encode()
    if not (folder / BEGUN).is_file() or (folder / BEGUN).read_bytes() != begun:
        for header, _, _ in headers:
            (folder / f"{file_stem(header.case)}.json").unlink(missing_ok=True)
        write_atomic(folder / BEGUN, begun)
    made = tuple(_one(task, *header) for header in headers)
    (folder / BEGUN).unlink()
    return made


def _prepare(task: Task, candidate: Case, baseline: Case) -> tuple[PairsRecord, Start, Start]:
    """Record without pairs, and what starts the two sides."""
    cache, here = resources.cache_dir(), keys.code_digest()
    new = Start(ready(candidate, cache, task.tell, allow_code=task.allow_code))
    commit, code = None, here
    if isinstance(task.other, revision.Revision):
        commit = task.other.commit
        old, code = task.other.start(baseline, cache, task.tell, allow_code=task.allow_code)
    else:
        old = Start(ready(baseline, cache, task.tell, allow_code=task.allow_code))
    record = PairsRecord(
        case=candidate.id,
        baseline=task.base,
        baseline_commit=commit,
        candidate_commit=collect.git(Path.cwd())[0],
        baseline_code=code,
        candidate_code=here,
        machine=machine.describe(),
        burst=pair.BURST,
    )
    return record, old, new


def _one(task: Task, header: PairsRecord, old: Start, new: Start) -> PairsRecord:
    """Record of a case with all its pairs; what an earlier, killed gate measured stands."""
    path = task.run.folder / "pairs" / f"{file_stem(header.case)}.json"
    record = PairsRecord.model_validate_json(path.read_bytes()) if path.is_file() else header
    bound, _ = threshold(task.policy.limit(LIVE, header.case).bound, header, task.calibration)

    def one(number: int) -> ProcessPair:
        task.tell(f"{header.case}: live pair {number + 1}")
        rng = pair.order(f"{header.case} {number}")
        return pair.live(old, new, task.run.folder / "logs" / "pairs", rng)

    def keep(now: PairsRecord) -> None:
        write_atomic(path, to_json(now))

    return look.finish(record, task.pairs, bound, one, keep)
