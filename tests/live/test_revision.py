import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench.errors import BadInput
from bench.live import pair, revision
from bench.live.pair import Start
from bench.live.prepared import ready
from bench.metrics.pairs import log_ratio
from tests import small

ROOT = Path(bench.__file__).resolve().parents[1]


def git(repo, *words):
    own = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    done = subprocess.run(
        ["git", "-C", str(repo), *own, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(repo) -> str:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")
    return git(repo, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def repo(tmp_path_factory) -> Path:
    """Repository whose first commit is too old for live pairs; the second, whose cases and jobs lack
    fields of today's, is not."""
    top = tmp_path_factory.mktemp("repo")
    git(top, "init", "-q", "-b", "main")
    skip = shutil.ignore_patterns("__pycache__", "weights")
    shutil.copytree(ROOT / "bench", top / "bench", ignore=skip)
    shutil.copytree(ROOT / "suites", top / "suites")
    shutil.rmtree(top / "bench" / "live")
    small.conv_graph(top / "model" / "conv.onnx")
    (top / "notes.txt").write_text("old")
    commit(top)
    git(top, "tag", "old")
    shutil.copytree(ROOT / "bench" / "live", top / "bench" / "live", ignore=skip)
    for name, line, instead in (
        ("jobs/base.py", "    guarded: bool = False\n", ""),
        ("plan/graph.py", "            guarded=self.guarded,\n", ""),
        ("measure/worker.py", "        if job.guarded:\n", "        if False:\n"),
        ("suite/model.py", '    hub_id: str = ""\n', ""),
        ("suite/dataset.py", '    about: str = ""\n', ""),
    ):
        path = top / "bench" / name
        text = path.read_text()
        assert line in text
        path.write_text(text.replace(line, instead))
    commit(top)
    return top


@pytest.fixture
def offline(monkeypatch):
    """Environments borrow this one's distributions, and are built without an index."""
    theirs = [*site.getsitepackages(), *[p for p in sys.path if p.endswith("site-packages")]]

    def commands(folder, extras):
        copy = (
            "import pathlib, shutil, sys, sysconfig\n"
            "to = pathlib.Path(sysconfig.get_path('purelib'))\n"
            "for name in ('bench', 'suites'): shutil.copytree(name, to / name)\n"
            f"(to / 'theirs.pth').write_text({chr(10).join(theirs)!r})\n"
        )
        python = str(revision._python(folder))
        return [
            [sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")],
            [python, "-c", copy],
        ]

    monkeypatch.setattr(revision, "commands", commands)


def case(home):
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    return small.suite(small.block(of, data)).expand()[0]


def test_a_revision_is_built_once_and_takes_turns(repo, offline, tmp_path, cache):
    lines = []
    made = revision.build("main", repo, tmp_path, lines.append)
    assert (made.folder / "tree" / "notes.txt").is_file()
    assert len(lines) == 1
    assert revision.build(made.commit[:12], repo, tmp_path, lines.append).folder == made.folder
    assert len(lines) == 1
    asked = case(tmp_path)
    start, code = made.start(asked, cache, lines.append, allow_code=False)
    assert start.command[0] == str(made.python)
    assert Path(start.command[-1]).is_relative_to(made.folder)
    assert len(code) == 16
    found = pair.live(
        start, start, tmp_path / "logs", pair.order("0"), pair.Plan(rounds=2, quiet=0)
    )
    assert len(found.baseline_ns) == 2


def test_a_revision_whose_jobs_are_others_says_so(repo, offline, tmp_path, cache, monkeypatch):
    made = revision.build("main", repo, tmp_path, print)
    real = revision.subprocess.run

    def run(*words, **more):
        done = real(*words, **more)
        if revision._PREPARED in words[0]:
            done.stdout = done.stdout.replace('"size"', '"sizes"')
        return done

    monkeypatch.setattr(revision.subprocess, "run", run)
    with pytest.raises(BadInput, match=r"'main' is too different.*size: Field required"):
        made.start(case(tmp_path), cache, print, allow_code=False)


def test_a_field_that_asks_for_something_is_never_dropped(repo, offline, tmp_path, cache):
    """Without it the revision would measure another case than the one that is named."""
    made = revision.build("main", repo, tmp_path, print)
    asked = case(tmp_path)
    asked = asked.model_copy(update={"model": asked.model.model_copy(update={"hub_id": "a/b"})})
    with pytest.raises(BadInput, match=r"can't read the case: model\.hub_id"):
        made.start(asked, cache, print, allow_code=False)


def test_a_revision_without_live_pairs_says_so(repo, offline, tmp_path, cache):
    old = revision.build("old", repo, tmp_path, print)
    with pytest.raises(BadInput, match="'old' is too old for live pairs"):
        old.start(case(tmp_path), cache, print, allow_code=False)


def test_a_case_that_it_cannot_run_is_one_sentence(repo, offline, tmp_path, cache):
    made = revision.build("main", repo, tmp_path, print)
    asked = case(tmp_path)
    Path(asked.model.location).unlink()
    with pytest.raises(BadInput, match=r"'main' can't run conv.*conv\.onnx"):
        made.start(asked, cache, print, allow_code=False)


def test_files_of_the_repository_are_the_revisions_own(repo, tmp_path):
    made = revision.Revision("main", "c", repo, tmp_path)
    (tmp_path / "tree" / "model").mkdir(parents=True)
    asked = case(tmp_path)
    inside = {
        "model": asked.model.model_copy(update={"location": str(repo / "model" / "conv.onnx")}),
        "dataset": asked.dataset.model_copy(update={"root": str(repo / "bench")}),
    }
    moved = asked.model_copy(update=inside)
    assert made.moved(moved)["model"]["location"] == str(repo / "model" / "conv.onnx")
    (tmp_path / "tree" / "model" / "conv.onnx").write_text("")
    fields = made.moved(moved)
    assert fields["model"]["location"] == str(tmp_path / "tree" / "model" / "conv.onnx")
    assert fields["dataset"]["root"] == str(repo / "bench")  # the tree here has none
    assert made.moved(asked) == asked.model_dump(mode="json")


@pytest.mark.parametrize("name", ["nothing", "--help", "", "main~99"])
def test_what_is_no_revision_is_one_sentence(repo, name):
    with pytest.raises(BadInput, match="is neither a run folder nor a git revision of"):
        revision.find(name, repo)


def test_outside_of_a_repository_the_sentence_says_so(tmp_path):
    with pytest.raises(BadInput, match="for this is no repository"):
        revision.find("main", tmp_path)


def test_a_build_that_fails_says_why_and_is_tried_again(repo, monkeypatch, tmp_path):
    failing = [[sys.executable, "-c", "import sys; print('no such wheel'); sys.exit(1)"]]
    monkeypatch.setattr(revision, "commands", lambda folder, extras: failing)
    for _ in range(2):
        with pytest.raises(BadInput, match="can't be built: no such wheel") as e:
            revision.build("main", repo, tmp_path, print)
        assert "log" in e.value.hint
    assert [p.suffix for p in (tmp_path / "revisions").iterdir() if p.is_dir()] == []


def test_the_environment_gets_the_tree_its_constraints_and_segbench(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    venv, own = revision.commands(tmp_path)
    assert venv[1:] == ["-m", "venv", str(tmp_path / "venv")]
    assert own[-1] == str(ROOT)
    (tree / "pyproject.toml").write_text("")
    (tree / "constraints.txt").write_text("")
    theirs = revision.commands(tmp_path)[1]
    assert theirs[-3:] == ["-c", str(tree / "constraints.txt"), str(tree)]
    (tree / "bench").mkdir()
    (tree / "bench" / "__init__.py").write_text("")
    assert len(revision.commands(tmp_path)) == 2
    assert revision.commands(tmp_path, ("openvino",))[-1][-2:] == [str(tree), "openvino"]


def test_the_runtimes_that_cases_need_come_along_where_they_are_installed(tmp_path, monkeypatch):
    have = {"onnx", "onnxruntime", "openvino"}
    monkeypatch.setattr(revision.registry, "version", lambda name: "1" if name in have else None)
    found = revision.needs([case(tmp_path)])
    assert "onnxruntime" in found
    assert set(found) <= have - {"openvino"}


CALLABLE = """
import time
import torch

class Net(torch.nn.Module):
    def forward(self, x):
        if {late}:
            time.sleep(0.05)
        return torch.nn.functional.pad(x, (0, 0, 0, 0, 0, 1))

def build():
    return Net()
"""


def test_a_model_of_python_code_is_the_revisions_own(offline, tmp_path, cache, monkeypatch):
    """A copy of this code with a model beside it, in a folder below the top; today's is slow."""
    top = tmp_path / "repo"
    skip = shutil.ignore_patterns("__pycache__", "weights")
    for name in ("bench", "suites"):
        shutil.copytree(ROOT / name, top / name, ignore=skip)
    here = top / "below"
    here.mkdir()
    git(top, "init", "-q", "-b", "main")
    (here / "own_net.py").write_text(CALLABLE.format(late=False))
    commit(top)
    (here / "own_net.py").write_text(CALLABLE.format(late=True))
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTHONPATH", str(here))
    asked = case(tmp_path)
    model = asked.model.model_copy(
        update={
            "loader": "callable",
            "source": "code",
            "location": "own_net:build",
            "onnx": None,
        }
    )
    asked = asked.model_copy(update={"model": model, "variant": small.TORCH})
    made = revision.build("main", here, tmp_path / "cache", print)
    old, _ = made.start(asked, cache, print, allow_code=True)
    assert old.cwd == made.folder / "tree" / "below"
    new = Start(ready(asked, cache, print, allow_code=True))
    assert old.job.case.weights_digest != new.job.case.weights_digest
    monkeypatch.chdir(tmp_path)
    new = Start(new.job, new.command, here)
    plan = pair.Plan(rounds=2, quiet=0, still_s=0.0)
    found = pair.live(old, new, Path("logs"), pair.order("0"), plan)
    assert log_ratio(found) > 1


def test_an_environment_that_runs_another_segbench_is_refused(repo, offline, tmp_path, cache):
    made = revision.build("main", repo, tmp_path, print)
    other = revision.Revision("main", made.commit, repo, tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "tree").mkdir(parents=True)
    other_python = tmp_path / "elsewhere" / "venv" / "bin"
    other_python.mkdir(parents=True)
    script = other_python / "python"
    script.write_text(f'#!/bin/sh\nexec {made.python} "$@"\n')
    script.chmod(0o755)
    with pytest.raises(BadInput, match="runs another segbench"):
        other.start(case(tmp_path), cache, print, allow_code=False)
