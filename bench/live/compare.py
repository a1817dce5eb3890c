"""Live pairs of a run's cases against a base: a run folder, or a git revision.

Against a run folder both sides are today's code, and what differs is the case (another variant,
options, weights). Against a revision the case is the same, and what differs is the code.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from bench import resources
from bench.devices import machine
from bench.errors import BadInput, CaseFailed, NothingMeasured, Unsupported
from bench.execute import probe
from bench.gate.live import threshold
from bench.gate.session import BEGUN, begun
from bench.gate.verdict import LIVE
from bench.jobs.measure import PairJob
from bench.live import calibrated, pair, revision, scope
from bench.live.pair import Start
from bench.live.prepared import Tell, print_line, ready
from bench.live.revision import Revision
from bench.record.base import now
from bench.record.calibration import Calibration
from bench.record.pairs import PairsRecord, ProcessPair
from bench.record.store import Run, file_stem, read_run, to_json, write_atomic
from bench.suite.base import digest
from bench.suite.case import Case
from bench.suite.policy import GatePolicy
from bench.suite.protocol import LARGEST

MEANS = (
    "execute/process.py",
    "live/pair.py",
    "measure/steps/pair.py",
    "metrics/pairs.py",
)
"""Files of the package whose code makes a live pair what it is."""
FILLS = 'batch_size = "largest" fills the memory that two processes would have to share'


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

    def file(self, case_id: str) -> Path:
        """File of a case's pairs."""
        return self.run.folder / "pairs" / f"{file_stem(case_id)}.json"


def measure(
    run_folder: Path,
    base: str,
    *,
    only: str | None = None,
    pairs: int | None = None,
    allow_code: bool = False,
    policy: GatePolicy | None = None,
    say: Tell = print_line,
) -> tuple[PairsRecord, ...]:
    """Pairs of every timed case of a run, each on disk in its pairs/ as soon as it is measured.

    The base is a run folder, or a revision of the git repository that the command runs in; `only` is a
    shell pattern on the cases' ids, and `pairs` those of one look, else the policy's. The policy is the
    one that will judge; else the base's, or the run's against a revision.

    Raises:
        BadInput: the base is neither, or its environment can't be built.
        NothingMeasured: no case is in both, or none was timed.
        CaseFailed: a session died.
    """
    if pairs is not None and pairs < 2:
        raise BadInput(f"{pairs} pair gives no interval.", "Ask for at least two: --pairs 10")
    run = read_run(run_folder)
    folder = Path(base)
    stored = read_run(folder) if (folder / "run.json").is_file() else None
    # The base's policy, because it judges, too: a run can't loosen its own gate.
    policy = policy or (stored or run).info.gate
    if stored is None:
        revision.find(base, Path.cwd())
    cases = scope.choose(run, stored, base, only or "*", say)
    other: Run | Revision | None = stored
    if other is None:
        extras = revision.needs(old for _, old in cases)
        other = revision.build(base, Path.cwd(), resources.cache_dir(), say, extras)
    calibration = calibrated.attach(run_folder, policy.pairs)
    wanted = pairs or policy.pairs
    return _all(Task(run, base, other, policy, wanted, calibration, allow_code, say), cases)


def _all(task: Task, cases: list[tuple[Case, Case]]) -> tuple[PairsRecord, ...]:
    folder = task.run.folder / "pairs"
    ready_ones, left_out = _prepared(task, cases)
    asked = {header.case: _question(header, old, new) for header, old, new in ready_ones}
    stopped = begun(task.run.folder)
    for case_id, question in asked.items():
        if stopped.get(case_id) != question:
            task.file(case_id).unlink(missing_ok=True)
    _begin(folder, stopped | asked)
    watch = scope.Clock({case: scope.seconds(task.run, case) for case in asked}, task.tell)
    records = {header.case: _stood(task, header) for header, _, _ in ready_ones}
    for case_id, record in records.items():
        watch.plan(case_id, scope.left(record, task.pairs))
    made = tuple(_one(task, records[h.case], old, new, watch) for h, old, new in ready_ones)
    for record in left_out:
        write_atomic(task.file(record.case), to_json(record))
    done = {*asked, *(record.case for record in left_out)}
    _begin(folder, {case_id: q for case_id, q in stopped.items() if case_id not in done})
    return (*made, *left_out)


def _begin(folder: Path, questions: dict[str, str]) -> None:
    """Note what is being measured; nothing is left where nothing is."""
    if questions:
        write_atomic(folder / BEGUN, json.dumps(questions, indent=1).encode())
    else:
        (folder / BEGUN).unlink(missing_ok=True)


def _question(header: PairsRecord, old: Start, new: Start) -> str:
    """Digest of all that pairs which stand must share with those to come."""
    sides = [(s.command, s.job.case.fingerprint, s.job.artifact, s.job.threads) for s in (old, new)]
    versions = [probe.versions(s.job.case) for s in (old, new)]
    return digest([
        header.model_dump(mode="json", exclude={"started"}),
        sides,
        versions,
        resources.code_of(MEANS),
    ])


def _prepared(
    task: Task, cases: list[tuple[Case, Case]]
) -> tuple[list[tuple[PairsRecord, Start, Start]], list[PairsRecord]]:
    """What is measured of each case, and the records of those that a revision can't run.

    Where it can't run any, the first one's reason is raised.
    """
    found, out, first = [], [], None
    for candidate, baseline in cases:
        if LARGEST in {candidate.protocol.batch_size, baseline.protocol.batch_size}:
            out.append(_left_out(task, candidate, FILLS))
            continue
        new = Start(ready(candidate, resources.cache_dir(), task.tell, allow_code=task.allow_code))
        _unchanged(candidate, new.job, str(task.run.folder), "Measure the run again.")
        try:
            found.append(_prepare(task, candidate, baseline, new))
        except (BadInput, Unsupported, CaseFailed) as e:
            if not isinstance(task.other, revision.Revision):
                raise
            first = first or e
            out.append(_left_out(task, candidate, e.message))
    if out and not found:
        raise first or NothingMeasured(f"No case can be paired: {FILLS}.")
    return found, out


def _left_out(task: Task, candidate: Case, why: str) -> PairsRecord:
    task.tell(f"{candidate.id} is left out: {why}")
    return _header(task, candidate, "").model_copy(update={"absent": why})


def _prepare(
    task: Task, candidate: Case, baseline: Case, new: Start
) -> tuple[PairsRecord, Start, Start]:
    """Record without pairs, and what starts the two sides."""
    cache, code = resources.cache_dir(), probe.code_digest()
    if isinstance(task.other, revision.Revision):
        old, code = task.other.start(baseline, cache, task.tell, allow_code=task.allow_code)
    else:
        old = Start(ready(baseline, cache, task.tell, allow_code=task.allow_code))
        hint = "Measure the base again, or name a git revision that still has them."
        _unchanged(baseline, old.job, task.base, hint)
        programs = {(side.job.case.fingerprint, side.job.artifact) for side in (old, new)}
        if len(programs) == 1:
            task.tell(
                f"{baseline.id}: both sides are the same program (same case, weights, artifact and code), "
                "so these pairs can't show what changed in code or versions (name a git revision for that)"
            )
    return _header(task, candidate, code), old, new


def _header(task: Task, candidate: Case, code: str) -> PairsRecord:
    """Record without pairs; `code` is the digest of the baseline's."""
    return PairsRecord(
        case=candidate.id,
        baseline=task.base,
        baseline_commit=task.other.commit if isinstance(task.other, revision.Revision) else None,
        candidate_commit=probe.git(Path.cwd())[0],
        baseline_code=code,
        candidate_code=probe.code_digest(),
        machine=machine.describe(),
        burst=pair.BURST,
        started=now(),
    )


def _unchanged(case: Case, job: PairJob, where: str, hint: str) -> None:
    """Refuse a case whose weights were replaced since its run was measured."""
    if case.weights_digest and job.case.weights_digest != case.weights_digest:
        raise BadInput(f"The weights of {case.id} were replaced since {where} was measured.", hint)


def _stood(task: Task, header: PairsRecord) -> PairsRecord:
    """Record of a case with the pairs that an earlier, killed gate measured."""
    path = task.file(header.case)
    if not path.is_file():
        return header
    record = PairsRecord.model_validate_json(resources.read_bytes(path))
    return header if record.absent else record


def _one(
    task: Task, record: PairsRecord, old: Start, new: Start, watch: scope.Clock
) -> PairsRecord:
    case_id = record.case
    limit, wanted = task.policy.limit(LIVE, case_id).bound, task.policy.pairs
    bound, _ = threshold(limit, record, task.calibration, wanted)
    plan = pair.Plan(timeout_s=max(300.0, old.job.case.protocol.timeout_s))
    again = False

    def one(number: int) -> ProcessPair:
        nonlocal again
        if number >= task.pairs and not again:
            again = True
            task.tell(f"{case_id} looks slower: it is measured again")
            watch.plan(case_id, 2 * task.pairs - number)
        watch.pair(case_id, number + 1, task.pairs * (2 if again else 1))
        rng = pair.order(f"{case_id} {number}")
        return pair.live(old, new, task.run.folder / "logs" / "pairs", rng, plan)

    def keep(made: PairsRecord) -> None:
        write_atomic(task.file(case_id), to_json(made))

    found = scope.finish(record, task.pairs, bound, one, keep)
    watch.stop()
    return found
