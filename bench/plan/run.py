"""A whole run: the plan on disk, then every result as it comes."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from bench import __version__
from bench.errors import BadInput, RecordError
from bench.plan import select
from bench.plan.schedule import Scheduler
from bench.plan.setting import Listener, Setting
from bench.record.result import Result
from bench.record.store import RunInfo, read_run, to_json, write_atomic
from bench.suite.case import Case
from bench.suite.suite import Suite


def measure(
    suite: Suite, cases: tuple[Case, ...], setting: Setting, listener: Listener
) -> tuple[Result, ...]:
    """Results of the cases, in order, each on disk before the next begins.

    Raises:
        BadInput: the folder can't be written, holds another suite's run, or is in use.
        CodeRefused: a model runs the user's own Python without `allow_code`.
    """
    select.refuse_code(cases, allow_code=setting.allow_code)
    select.refuse_options(cases)
    with _writing(setting.run):
        setting.run.mkdir(parents=True, exist_ok=True)
        try:
            lock = FileLock(str(setting.run / ".lock"), timeout=0).acquire()
        except Timeout:
            raise BadInput(
                f"Another segbench is measuring into {setting.run}.",
                "Wait for it, or name another --out.",
            ) from None
    with lock:
        stored = _stored(setting.run, suite)
        info = RunInfo(
            suite=suite.name,
            title=suite.title,
            about=suite.about,
            plan=tuple(case.id for case in suite.expand()),
            gate=suite.gate,
            segbench=__version__,
            command=("segbench", *sys.argv[1:]),
        )
        with _writing(setting.run):
            write_atomic(setting.run / "run.json", to_json(info))
        return Scheduler(setting, listener).run(cases, stored, suite.halving)


def _stored(run: Path, suite: Suite) -> dict[str, Result]:
    if not (run / "run.json").is_file():
        return {}
    there = read_run(run)
    if there.info.suite != suite.name:
        raise RecordError(
            f"{run} holds a run of the suite {there.info.suite!r}, not {suite.name!r}.",
            "Name another folder with --out.",
        )
    return {r.case.id: r for r in there.results}


@contextlib.contextmanager
def _writing(run: Path) -> Iterator[None]:
    """Turn the system's refusal into one sentence."""
    try:
        yield
    except OSError as e:
        raise BadInput(
            f"{run} can't be written: {e.strerror}.", "Name another folder with --out."
        ) from e
