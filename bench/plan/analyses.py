"""What is measured beside the rows when all of them are there: work, ceilings, what fits.

None of it can fail a row: a step that can't be done leaves its reason.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bench import cachedir
from bench.devices import machine
from bench.errors import RecordError
from bench.plan import keys, search
from bench.plan.prepare import Prepared, Preparer, threads
from bench.plan.setting import StepFailed
from bench.record.ceiling import Ceiling
from bench.record.fits import FitsMeasurement
from bench.record.store import to_json, write_atomic
from bench.record.work import ComponentMeasurement, WorkMeasurement
from bench.resources import read_bytes

if TYPE_CHECKING:
    from bench.record.result import Measurement, Result
    from bench.suite.case import Case

Kind = Literal["work", "ceiling", "fits"]
BUSY = 0.1
"""Processors that others kept busy beside a ceiling; beyond it the ceiling isn't kept."""
_WHAT: dict[Kind, str] = {
    "work": "counting the work",
    "ceiling": "measuring the machine's ceiling",
    "fits": "searching what fits",
}


@dataclass
class Extras:
    """Adds to the rows of one run."""

    made: Preparer
    _failed: set[Path] = field(default_factory=set)
    """Ceilings that couldn't be measured; they aren't tried again for the next row."""
    _fresh: set[Path] = field(default_factory=set)
    """Ceilings of this very run: one of a busy machine isn't tried again at once."""

    def kinds(self, case: Case) -> tuple[Kind, ...]:
        """What the case asks for."""
        asked = case.protocol
        if asked.corruption:
            return ()
        wanted: dict[Kind, bool] = {
            "work": asked.work,
            "ceiling": asked.ceiling and not self._there(case),
            "fits": bool(asked.fits_gb),
        }
        return tuple(kind for kind, is_wanted in wanted.items() if is_wanted)

    def wanted(self, row: Result) -> tuple[Kind, ...]:
        """What a row asks for and lacks."""
        if row.status not in {"ok", "wrong"}:
            return ()
        return tuple(k for k in self.kinds(row.case) if k == "ceiling" or row.get(k) is None)

    def order(self, rows: Sequence[Result]) -> Iterator[tuple[Kind, int]]:
        """Kind and position of the row of every step to come: the slowest kind last."""
        asked: tuple[Kind, ...] = ("work", "ceiling", "fits")
        for kind in asked:
            seen = set()
            for i, row in enumerate(rows):
                once = self._file(row.case) if kind == "ceiling" else i
                if kind in self.wanted(row) and once not in seen:
                    seen.add(once)
                    yield kind, i

    def count(self, new: Sequence[Case], rows: Sequence[Result]) -> Counter[str]:
        """Steps to come, by kind, of cases that have no row yet and of rows."""
        asked = [(case, self.kinds(case)) for case in new]
        asked += [(row.case, self.wanted(row)) for row in rows]
        steps = Counter(k for _, kinds in asked for k in kinds if k != "ceiling")
        ceilings = {self._file(case) for case, kinds in asked if "ceiling" in kinds}
        return steps + Counter({"ceiling": len(ceilings)})

    def add(self, kind: Kind, row: Result) -> Result:
        """The row with one more kind of measurement, or with the reason why there is none."""
        self.made.listener.step(row.case, _WHAT[kind])
        size: tuple[int, int] | None = None
        try:
            if kind == "ceiling":
                self._ceiling(row.case)
                return row
            timing = row.get("timing")
            prepared = self.made.prepared(row.case, timing.batch_size if timing else None)
            size = prepared.size
            found = (
                self._work(prepared) if kind == "work" else (search.what_fits(prepared, self.made),)
            )
        except StepFailed as e:
            return self._without(kind, row, size, e.failure.message, noted=not e.skipped)
        except Exception as e:  # noqa: BLE001 - what is beside a row never costs the row
            return self._without(kind, row, size, str(e) or repr(e), noted=True)
        return _with(row, found)

    def _work(self, made: Prepared) -> tuple[Measurement, ...]:
        """Counts and times of the model's parts."""
        report = self.made.start(self.made.session("work", made), made.case.protocol.timeout_s)
        counts, times = report.payload["measurements"]
        return WorkMeasurement.model_validate(counts), ComponentMeasurement.model_validate(times)

    def _ceiling(self, case: Case) -> None:
        """Measure the ceiling, or find it in the cache, and lay it beside the rows."""
        digest = keys.ceiling_digest(case.target.device, threads(case))

        def measure(_: Path) -> dict[str, Any]:
            report = self.made.start(self.made.job("ceiling", case), case.protocol.timeout_s)
            return dict(report.payload["ceiling"])

        folder = self.made.setting.cache / "ceilings" / digest[:24]
        found = Ceiling.model_validate(cachedir.make(folder, measure))
        write_atomic(self._file(case), to_json(found))
        self._fresh.add(self._file(case))
        if found.foreign_cpu is not None and found.foreign_cpu > BUSY:
            shutil.rmtree(folder, ignore_errors=True)  # too low: the next run tries again

    def _without(
        self, kind: Kind, row: Result, size: tuple[int, int] | None, reason: str, *, noted: bool
    ) -> Result:
        """The row with a reason instead of a measurement; without a size it will be tried again."""
        found: tuple[Measurement, ...] = ()
        if kind == "ceiling":
            self._failed.add(self._file(row.case))
        elif kind == "fits" and size is not None:
            found = (FitsMeasurement(absent=reason),)
        elif size is not None:
            batch, (height, width) = max(1, row.case.protocol.batch_size), size
            found = (
                WorkMeasurement(batch_size=batch, height=height, width=width, absent=reason),
                ComponentMeasurement(absent=reason),
            )
        what = _WHAT[kind]
        note = f"{what[0].upper()}{what[1:]} failed: {reason}"
        notes = tuple(dict.fromkeys((*row.notes, note))) if noted else row.notes
        return _with(row.model_copy(update={"notes": notes}), found)

    def _file(self, case: Case) -> Path:
        """File of the run that the ceiling of a case's device and threads goes to."""
        name = f"{case.target.device}-{threads(case)}.json"
        return self.made.setting.run / "ceilings" / name

    def _there(self, case: Case) -> bool:
        """Whether the ceiling was measured on this machine, or can't be."""
        file = self._file(case)
        if file in self._failed:
            return True
        try:
            known = Ceiling.model_validate_json(read_bytes(file))
        except (OSError, ValueError, RecordError):
            return False
        quiet = (known.foreign_cpu or 0) <= BUSY or file in self._fresh
        return quiet and known.machine.identity == machine.describe().identity


def _with(row: Result, found: tuple[Measurement, ...]) -> Result:
    """The row with measurements that take the place of those of the same kinds."""
    kinds = {m.kind for m in found}
    kept = tuple(m for m in row.measurements if m.kind not in kinds)
    return row.model_copy(update={"measurements": (*kept, *found)})
