"""Blessing: a run's records become the baseline, whole or not at all."""

import contextlib
import getpass
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import Field

from bench.errors import BadInput, NothingMeasured
from bench.gate.verdict import Verdict
from bench.record.base import ArrayFile, Record, now
from bench.record.parse import plain
from bench.record.result import Result
from bench.record.store import Run, file_stem, to_json, write_atomic
from bench.resources import read_bytes

FILE = "blessed.json"


class Blessing(Record):
    """blessed.json: who made these numbers the ones to beat, and why."""

    schema_version: int = Field(default=1, alias="schema")
    who: str
    commit: str | None
    """Of the folder in which the run was blessed; the records name what was measured."""
    because: str
    when: str
    """UTC, ISO 8601."""
    suite: str
    segbench: str
    measured: int
    """Cases with numbers."""
    accepted: tuple[str, ...] = ()
    """Blocking verdicts against the baseline before, which this blessing overrules."""

    @property
    def sentence(self) -> str:
        """Who blessed it, when, from which commit and why."""
        commit = f" from commit {self.commit[:12]}" if self.commit else ""
        day = self.when.partition("T")[0]
        return f"blessed by {self.who} on {day}{commit} because: {self.because}"


def bless(run: Run, baseline: Path, because: str, overruled: tuple[Verdict, ...] = ()) -> Blessing:
    """Blessing that now stands in `baseline`, beside the run's JSON and arrays.

    The new folder is made whole beside the old one, then the two are renamed; a kill between the
    renames leaves the old one under a name that `bench.gate.baselines` reads and `_recover` puts back.

    Raises:
        BadInput: no reason is given, the run is the baseline itself, or another blessing is under way.
        NothingMeasured: the run holds no numbers.
        RecordError: an array of the run is missing or damaged.
    """
    if not because.strip():
        raise BadInput(
            "A baseline is blessed for a reason, and none is given.", 'Add: --because "..."'
        )
    baseline = baseline.resolve()
    if baseline.exists() and baseline.samefile(run.folder):
        raise BadInput(f"{run.folder} is the baseline itself.", "Bless another run into it.")
    measured = sum(r.status in {"ok", "wrong"} for r in run.results)
    if not measured:
        raise NothingMeasured(
            f"{run.folder} holds no measured case, so it can't be a baseline.",
            "Measure first: segbench run SUITE",
        )
    blessing = Blessing(
        who=_git("config", "user.name") or _login(),
        commit=_git("rev-parse", "HEAD"),
        because=because.strip(),
        when=now(),
        suite=run.info.suite,
        segbench=run.info.segbench,
        measured=measured,
        accepted=tuple(f"{v.case} {v.metric} {v.kind}" for v in overruled),
    )
    baseline.parent.mkdir(parents=True, exist_ok=True)
    with _alone(baseline):
        _recover(baseline)
        if baseline.exists() and not (baseline / FILE).is_file() and any(baseline.iterdir()):
            # A run that was not blessed has pictures, cards and superseded results to lose.
            raise BadInput(
                f"{baseline} holds something else than a blessed run; it is left as it is.",
                "Name an empty or a new folder.",
            )
        staged = baseline.with_name(f".{baseline.name}.part")
        shutil.rmtree(staged, ignore_errors=True)
        try:
            _copy(run, staged)
            write_atomic(staged / FILE, to_json(blessing))
            _swap(staged, baseline)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return blessing


@contextlib.contextmanager
def _alone(baseline: Path) -> Iterator[None]:
    """No other blessing of this baseline meanwhile: two would mix their files."""
    lock = FileLock(baseline.with_name(f".{baseline.name}.lock"), timeout=0)
    try:
        with lock:
            try:
                yield
            finally:
                Path(lock.lock_file).unlink(missing_ok=True)
    except Timeout:
        raise BadInput(
            f"Another --accept is writing {baseline}.", "Wait for it, then look at what it blessed."
        ) from None


def _recover(baseline: Path) -> None:
    """Put the old baseline back where a blessing was killed between its two renames.

    It is deleted only where a whole blessed run stands in its place.
    """
    before = aside(baseline)
    if not before.is_dir():
        return
    if (baseline / FILE).is_file():
        shutil.rmtree(before)
    elif not baseline.exists() or not any(baseline.iterdir()):
        before.rename(baseline)


def read_blessing(baseline: Path) -> Blessing | None:
    """Blessing of a baseline; None for a plain run folder.

    Raises:
        RecordError: there is one, and it can't be understood.
    """
    path = baseline / FILE
    return plain(Blessing, path) if path.exists() else None


def _swap(staged: Path, baseline: Path) -> None:
    before = aside(baseline)
    if baseline.exists():
        baseline.rename(before)
    try:
        staged.rename(baseline)
    except OSError:
        if before.exists():
            before.rename(baseline)
        raise
    shutil.rmtree(before, ignore_errors=True)


def aside(baseline: Path) -> Path:
    """Where the old baseline lies between the two renames."""
    return baseline.with_name(f".{baseline.name}.before")


def _copy(run: Run, to: Path) -> None:
    """The records that were read, byte for byte; no card, no pictures, nothing superseded."""
    write_atomic(to / "run.json", read_bytes(run.folder / "run.json"))
    for result in run.results:
        name = f"{file_stem(result.case.id)}.json"
        for file in _arrays(result):
            run.arrays(file)  # checks the digest: a damaged file is never blessed
            write_atomic(to / "cases" / file.file, read_bytes(run.folder / "cases" / file.file))
        write_atomic(to / "cases" / name, read_bytes(run.folder / "cases" / name))


def _arrays(result: Result) -> Iterator[ArrayFile]:
    """Every file of arrays that a result's measurements name, of whatever kind."""
    for measurement in result.measurements:
        for name in type(measurement).model_fields:
            if isinstance(value := getattr(measurement, name), ArrayFile):
                yield value


def _git(*words: str) -> str | None:
    """What git answers in the present folder; None without git, or outside a repository."""
    try:
        done = subprocess.run(
            ["git", *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
