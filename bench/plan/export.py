"""One case prepared on this machine, without a run; and its artifact alone."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from bench import cachedir
from bench.errors import BadInput, CaseFailed, Unsupported
from bench.plan import select, tries
from bench.plan.graph import Graph, Prepared
from bench.plan.setting import Setting, StepFailed, Steps
from bench.plan.walk import Walk
from bench.suite.case import Case


def export(case: Case, setting: Setting, listener: Steps) -> tuple[Path, ...]:
    """Files of the case's artifact, copied into `setting.run`.

    Raises:
        BadInput: the variant has no recipe, or the folder isn't empty.
        CodeRefused, Unsupported, CaseFailed: as `prepare`.
    """
    if not case.variant.steps:
        raise BadInput(
            f"The variant {case.variant.name!r} has no recipe: it runs the weights themselves.",
            "Choose one with steps: segbench list variants",
        )
    select.refuse_code((case,), allow_code=setting.allow_code)
    select.refuse_options((case,))
    out = setting.run
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} isn't an empty folder.", "Name a new one with --out.")
    digest = prepare(case, setting, listener, runs=False)[1].artifact
    if digest is None:
        raise ValueError("a variant with steps has an artifact")
    skip = shutil.ignore_patterns(cachedir.MADE)
    shutil.copytree(cachedir.artifact(setting.cache, digest), out, dirs_exist_ok=True, ignore=skip)
    return tuple(sorted(p for p in out.rglob("*") if p.is_file()))


def prepare(
    case: Case, setting: Setting, listener: Steps, *, runs: bool = True
) -> tuple[Graph, Prepared]:
    """The steps of this machine, and a case that they prepared; the machine must run it, if `runs`.

    Raises:
        CodeRefused: the model runs the user's own Python without `allow_code`.
        Unsupported: this machine or installation can't run the case.
        CaseFailed: a step failed.
    """
    select.refuse_code((case,), allow_code=setting.allow_code)
    with tempfile.TemporaryDirectory() as logs:
        walk = Walk(replace(setting, run=Path(logs)), listener)
        graph = tries.graph(walk, walk.can.places[0])
        if reason := graph.skips(case) if runs else graph.unexportable(case):
            raise Unsupported(f"{case.id} doesn't run here: {reason}.")
        try:
            return graph, walk.result(graph.ready(case))
        except StepFailed as e:
            kind = Unsupported if e.skipped else CaseFailed
            tail = e.failure.stderr_tail[-1:] or ("",)
            raise kind(f"{case.id}: {e.failure.message}", tail[0]) from None
