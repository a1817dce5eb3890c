"""An artifact examined on this machine, without a run: its export paths, its checks, its stages."""

import tempfile
from dataclasses import replace
from pathlib import Path

from bench.errors import Unsupported
from bench.plan import results, select, tries
from bench.plan.analyses import Analyses, Kind, added
from bench.plan.setting import Setting, StepFailed, Steps
from bench.plan.walk import Walk
from bench.record.base import now
from bench.record.result import Result
from bench.suite.case import Case

KINDS: tuple[Kind, ...] = ("checks", "stages")


def examine(case: Case, setting: Setting, listener: Steps) -> Result:
    """A row without accuracy and timing: the artifact and its checks, and the stages where one is wrong.

    Failed where the artifact can't be made: the failure has the paths that were tried.

    Raises:
        CodeRefused: the model runs the user's own Python without `allow_code`.
        Unsupported: this machine or installation can't run the case.
    """
    case = case.asking(checks=True)
    select.refuse_code((case,), allow_code=setting.allow_code)
    select.refuse_options((case,))
    with tempfile.TemporaryDirectory() as logs:
        walk = Walk(replace(setting, run=Path(logs)), listener)
        graph = tries.graph(walk, walk.can.places[0])
        if reason := graph.skips(case):
            raise Unsupported(f"{case.id} doesn't run here: {reason}.")
        try:
            made = walk.result(graph.ready(case))
        except StepFailed as e:
            return results.broken(case, e.failure, skipped=e.skipped)
        case = made.case
        row = Result(
            case=case,
            fingerprint=case.fingerprint,
            status="ok",
            artifact=made.record,
            started=now(),
        )
        analyses = Analyses(Path(logs), lambda _: graph, lambda _: graph)
        for kind in KINDS:
            if kind in analyses.wanted(case.asking(ceiling=False), row):
                row = added(row, *walk.result(analyses.routine(kind, case, row)))
        return row
