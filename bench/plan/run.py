"""A whole run: the plan on disk, then every result as it comes."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from bench import __version__
from bench.errors import BadInput, RecordError
from bench.plan import results, select
from bench.plan.schedule import Scheduler
from bench.record.result import Failure, Result
from bench.record.store import RunInfo, inside, read_run, to_json, write_atomic, write_result

if TYPE_CHECKING:
    from bench.plan.setting import Listener, Setting
    from bench.suite.case import Case
    from bench.suite.suite import Suite


def measure(
    suite: Suite, cases: tuple[Case, ...], setting: Setting, listener: Listener
) -> tuple[Result, ...]:
    """Results of the cases, in order, each on disk before the next begins.

    Raises:
        BadInput: the folder can't be written, holds another suite's run, or is in use.
        CodeRefused: a model runs the user's own Python, and nobody allowed it.
    """
    select.refuse_code(cases, allow_code=setting.allow_code)
    select.refuse_options(cases)
    _make(setting.run)
    lock = FileLock(str(setting.run / ".lock"), timeout=0)
    try:
        with lock:
            return _measure(suite, cases, setting, listener)
    except Timeout:
        raise BadInput(
            f"Another segbench is measuring into {setting.run}.",
            "Wait for it, or name another --out.",
        ) from None


def _measure(
    suite: Suite, cases: tuple[Case, ...], setting: Setting, listener: Listener
) -> tuple[Result, ...]:
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
    keep = functools.partial(_keep, setting.run)
    return Scheduler(setting, listener, keep).run(cases, stored)


def _keep(
    run: Path, result: Result, old: Result | None, files: Mapping[str, bytes], *, more: bool = False
) -> Result:
    """The result, stored with its arrays and pictures; where the disk refuses, a failed one that says so.

    What only adds to a row that is there (`more`) is lost then, and the row stays as it was.
    """
    if old is result or (old is not None and _same_row(old, result)):
        return result
    try:
        for name, content in files.items():
            write_atomic(inside(run, name), content)
        write_result(run, result, more=more)
    except OSError as e:
        if more and old is not None:
            note = f"A further measurement can't be stored: {e.strerror}."
            return old.model_copy(update={"notes": tuple(dict.fromkeys((*old.notes, note)))})
        failure = Failure(
            step="case", type="OSError", message=f"The result can't be stored: {e.strerror}."
        )
        result = results.broken(result.case, failure, result.environment)
        with contextlib.suppress(OSError):
            write_result(run, result)
    return result


def _same_row(old: Result, new: Result) -> bool:
    """Whether a row without measurements only says again what stands on disk."""
    blank = {"started": "", "environment": None}
    return new.status == "skipped" and old.model_copy(update=blank) == new.model_copy(update=blank)


def _stored(run: Path, suite: Suite) -> dict[str, Result]:
    """Results that lie there already, by id."""
    if not (run / "run.json").is_file():
        return {}
    there = read_run(run)
    if there.info.suite != suite.name:
        raise RecordError(
            f"{run} holds a run of the suite {there.info.suite!r}, not {suite.name!r}.",
            "Name another folder with --out.",
        )
    return {r.case.id: r for r in there.results}


def _make(run: Path) -> None:
    """The run's folder, writable."""
    with _writing(run):
        run.mkdir(parents=True, exist_ok=True)
        probe = run / f".probe.{os.getpid()}"
        probe.write_text("")
        probe.unlink()


@contextlib.contextmanager
def _writing(run: Path) -> Iterator[None]:
    """Turn the system's refusal into one sentence."""
    try:
        yield
    except OSError as e:
        raise BadInput(
            f"{run} can't be written: {e.strerror}.", "Name another folder with --out."
        ) from e
