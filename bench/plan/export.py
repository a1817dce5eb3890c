"""An artifact alone: the steps of a run without its measurements."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cachedir
from bench.errors import BadInput, CaseFailed, Unsupported
from bench.plan import select, tries
from bench.plan.setting import StepFailed
from bench.plan.walk import Walk

if TYPE_CHECKING:
    from bench.plan.setting import Setting, Steps
    from bench.suite.case import Case


def export(case: Case, setting: Setting, listener: Steps) -> tuple[Path, ...]:
    """Files of the case's artifact, copied into `setting.run`.

    Raises:
        BadInput: the variant has no recipe, or the folder isn't empty.
        CodeRefused: the model runs the user's own Python, and nobody allowed it.
        CaseFailed: a step failed.
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
    with tempfile.TemporaryDirectory() as logs:
        walk = Walk(replace(setting, run=Path(logs)), listener)
        graph = tries.graph(walk, walk.can.places[0])
        if reason := graph.skips(case):
            raise Unsupported(f"{case.variant.name} can't be made here: {reason}.")
        try:
            digest = graph.make(case).artifact
        except StepFailed as e:
            tail = e.failure.stderr_tail[-1:] or ("",)
            raise CaseFailed(f"{case.variant.name}: {e.failure.message}", tail[0]) from None
    if digest is None:
        raise ValueError("a variant with steps has an artifact")
    skip = shutil.ignore_patterns(cachedir.MADE)
    shutil.copytree(cachedir.artifact(setting.cache, digest), out, dirs_exist_ok=True, ignore=skip)
    return tuple(sorted(p for p in out.rglob("*") if p.is_file()))
