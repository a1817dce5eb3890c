"""A git revision as the baseline: its tree, installed in an environment of its own.

Built once a commit, Python and set of runtimes, in the cache. Where the tree is another project, which
brings no segbench, this segbench is installed beside it: their model and dependencies differ then.
"""

import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

import bench
from bench import cachedir, registry
from bench.errors import BadInput, CaseFailed
from bench.execute import probe
from bench.jobs.measure import PairJob
from bench.live.pair import Start
from bench.live.prepared import Tell
from bench.suite.base import digest, fault
from bench.suite.case import Case

_PREPARED = """
import importlib.util, runpy
name = "bench.live" if importlib.util.find_spec("bench.live") else "bench.trials"
runpy.run_module(name + ".prepared", run_name="__main__")
"""
"""Program of a revision's Python; the room was called trials before 2026-11-28."""
_FOLDER = "Compare with a run folder: segbench gate DIR --baseline FOLDER"


@dataclass(frozen=True)
class Revision:
    """An installed revision."""

    name: str
    """What the user called it."""
    commit: str
    top: Path
    """Top of the repository that the command runs in."""
    folder: Path
    """In the cache: `tree/` and `venv/`."""

    @property
    def python(self) -> Path:
        """Its environment's interpreter."""
        return _python(self.folder)

    def start(self, case: Case, cache: Path, tell: Tell, *, allow_code: bool) -> tuple[Start, str]:
        """What starts the case's session of this revision, and the digest of its measuring code.

        Raises:
            BadInput: the revision is too old for live pairs, or can't run the case.
        """
        if registry.load("model", case.model.loader).runs_code:
            # Such a model's digest is that of one file: what was exported from today's code isn't its.
            cache = self.folder / "cache"
        fields = self.moved(case)
        asked = {"case": fields, "cache": str(cache.absolute()), "allow_code": allow_code}
        said = self._ask(asked, case.id)
        while (place := _unknown(said)) and _dropped(case, fields, place):
            said = self._ask(asked, case.id)
        if "error" in said:
            raise BadInput(f"The revision {self.name!r} can't run {case.id}: {said['error']}")
        if not Path(said["boot"]).resolve().is_relative_to(self.folder.resolve()):
            raise BadInput(
                f"The environment of revision {self.name!r} runs another segbench: {said['boot']}.",
                f"Remove {self.folder}, and it is built again.",
            )
        tell(f"{case.id}: {self.name} is ready")
        command = (str(self.python), "-E", "-P", said["boot"])
        try:
            job = PairJob.model_validate({
                key: value for key, value in said["job"].items() if key in PairJob.model_fields
            })
        except ValidationError as e:
            raise BadInput(
                f"The revision {self.name!r} is too different for live pairs: in its jobs, {fault(e)}.",
                _FOLDER,
            ) from None
        return Start(job, command, self.place, words=said["job"]), str(said["code"])

    def _ask(self, asked: dict[str, Any], case_id: str) -> dict[str, Any]:
        """What the revision answers: a job, or an error."""
        # No PYTHONPATH: a `bench` or a model that it leads to is today's.
        own = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
        done = subprocess.run(
            [str(self.python), "-I", "-c", _PREPARED], cwd=self.place, env=own,
            input=json.dumps(asked), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if "No module named" in done.stderr and "bench.trials" in done.stderr:
            raise BadInput(
                f"The revision {self.name!r} is too old for live pairs: its segbench has none.",
                _FOLDER,
            )
        try:
            said: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise CaseFailed(
                f"The revision {self.name!r} can't prepare {case_id}: {_last(done.stderr)}"
            ) from None
        return said

    @property
    def place(self) -> Path:
        """The tree's folder that corresponds to the current one; its top where it has no such."""
        tree, top = (self.folder / "tree").absolute(), self.top.resolve()
        here = Path.cwd().resolve()
        there = tree / here.relative_to(top) if here.is_relative_to(top) else tree
        return there if there.is_dir() else tree

    def moved(self, case: Case) -> dict[str, Any]:
        """The case, with weights and data inside the repository as this revision has them."""
        fields = case.model_dump(mode="json")
        for place, key in (("model", "location"), ("dataset", "root")):
            path = fields[place].get(key)
            if not path or not Path(path).is_absolute() or not Path(path).is_relative_to(self.top):
                continue
            old = self.folder / "tree" / Path(path).relative_to(self.top)
            if old.exists():  # what git doesn't keep is today's
                fields[place][key] = str(old)
        return fields


def _unknown(said: dict[str, Any]) -> str:
    """Field of the case that a revision doesn't know; empty where that isn't its answer."""
    found = re.search(r"can't read the case: ([\w.]+): Extra inputs", str(said.get("error", "")))
    return found[1] if found else ""


def _dropped(case: Case, fields: dict[str, Any], place: str) -> bool:
    """Whether a field was left out: one with its default, which asks for what was done before."""
    *outer, name = place.split(".")
    part: Any = case
    for key in outer:
        part, fields = getattr(part, key, None), fields[key]
    known = getattr(type(part), "model_fields", {}).get(name)
    if known is None or getattr(part, name) != known.get_default(call_default_factory=True):
        return False
    del fields[name]
    return True


def find(name: str, where: Path) -> tuple[str, Path]:
    """Full commit of a revision, and the top folder of its repository.

    Raises:
        BadInput: there is no such revision, or no repository.
    """
    top, commit = _git(where, "rev-parse", "--show-toplevel"), ""
    if top:
        commit = _git(
            where, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
    if not commit:
        place = f"git revision of {top}" if top else "git revision, for this is no repository"
        raise BadInput(
            f"{name!r} is neither a run folder nor a {place}.",
            "Name a folder with run.json, or a commit, branch or tag.",
        )
    return commit, Path(top)


def needs(cases: Iterable[Case]) -> tuple[str, ...]:
    """Distributions that the cases' backends and export steps need, of those installed here."""
    needed = {name for case in cases for name in probe.needs(case.variant)}
    return tuple(sorted(name for name in needed if registry.version(name)))


def build(
    name: str, where: Path, cache: Path, tell: Tell, extras: tuple[str, ...] = ()
) -> Revision:
    """The revision, installed in its own environment: now, or when it was first asked for.

    `where` is a folder of its repository; `extras` are distributions to install beside it, in the
    versions of its constraints.

    Raises:
        BadInput: there is no such revision, or its environment can't be built.
    """
    commit, top = find(name, where)
    own = bool(_git(top, "ls-tree", "--name-only", commit, "bench/__init__.py"))
    kind = digest({
        "python": platform.python_version(),
        "extras": extras,
        "segbench": None if own else [bench.__version__, probe.code_digest()],
    })
    folder = cache / "revisions" / f"{commit[:24]}-{kind[:12]}"
    log = folder.with_suffix(".log")

    def work(part: Path) -> dict[str, Any]:
        tell(f"building an environment for {name} ({commit[:12]}); its log: {log}")
        _extract(top, commit, part / "tree")
        with log.open("wb") as out:
            for words in commands(part, extras):
                done = subprocess.run(words, cwd=part / "tree", stdout=out, stderr=out, check=False)
                if done.returncode:
                    raise BadInput(
                        f"The environment of revision {name!r} can't be built: "
                        f"{_last(log.read_text(errors='replace'))}",
                        f"Its log: {log}",
                    )
        return {"commit": commit}

    cachedir.make(folder, work)
    return Revision(name, commit, top, folder)


def commands(folder: Path, extras: tuple[str, ...] = ()) -> list[list[str]]:
    """Commands that make `venv` of `tree`: the tree with its constraints, and segbench if it lacks.

    The last brings the extras, too.
    """
    tree, python = folder / "tree", str(_python(folder))
    pip = [python, "-m", "pip", "install", "--no-input"]
    if (tree / "constraints.txt").is_file():
        pip += ["-c", str(tree / "constraints.txt")]
    made = [[sys.executable, "-m", "venv", str(folder / "venv")]]
    if (tree / "pyproject.toml").is_file() or (tree / "setup.py").is_file():
        made.append([*pip, str(tree)])
    elif (tree / "requirements.txt").is_file():
        made.append([*pip, "-r", str(tree / "requirements.txt")])
    own = Path(bench.__file__).resolve().parents[1]
    source = str(own) if (own / "pyproject.toml").is_file() else f"segbench=={bench.__version__}"
    if not (tree / "bench" / "__init__.py").is_file():
        made.append([*pip, source])
    if extras and len(made) > 1:
        made[-1] += extras
    return made


def _python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def _extract(top: Path, commit: str, to: Path) -> None:
    """The commit's files; unlike a worktree, this leaves nothing behind in the repository."""
    packed = subprocess.run(
        ["git", "-C", str(top), "archive", "--format=tar", commit], capture_output=True, check=True
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as tar:
        tar.extractall(to, filter="data")


def _git(where: Path, *words: str) -> str:
    """What git answers; empty where it refuses or isn't there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(where), *words], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
