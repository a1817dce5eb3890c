"""README.md and suites/README.md: every suite and every command in them does what it says.

A block of a kind that this test doesn't know fails, so that no example is ever printed untried. What
needs Cityscapes runs on a few drawn files in its layout; what needs the hub, or takes minutes, and a suite
that no command measures, is resolved and not measured.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from bench.record.store import read_run
from bench.suite.load import load_suite
from tests import small
from tests.official import write_layout

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "suites/README.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`((?:segbench|nox|python -m pip) [^`]+)`(?!`)")
LISTED = ("best", "quickstart", "mask2former-swin-large-cityscapes")
"""Suites that take minutes or the hub."""
HURRY = """
warmup = 1
iterations = 3
median_width = inf
work = false
ceiling = false
"""
"""Keys that shorten the timing and change nothing else."""
FRAGMENT = 'name = "fragment"\ntitle = "Fragment"\n{}\n[[block]]\n{}\ntargets = ["cpu"]\n'


def blocks(kind: str) -> list[tuple[str, str]]:
    """Document and text of every block of a kind."""
    found = [(d, BLOCK.findall((REPOSITORY / d).read_text())) for d in DOCUMENTS]
    return [(d, text) for d, all_of in found for k, text in all_of if k == kind]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with all that the documents take for granted: models, images, a run, the suites."""
    folder = tmp_path_factory.mktemp("home")
    rng = np.random.default_rng(0)
    for kind, channels in (("images", 3), ("masks", 0)):
        (folder / "yard" / kind).mkdir(parents=True)
        for i in range(2):
            shape = (64, 96, channels) if channels else (64, 96)
            values = rng.integers(0, 256 if channels else 3, shape).astype(np.uint8)
            cv2.imwrite(str(folder / "yard" / kind / f"{i}.png"), values)
    weights, bias = small.WEIGHTS[:3], small.BIAS[:3]
    names = ("pixel_values", "logits")
    small.conv_graph(folder / "mine.onnx", weights, bias, size=(512, 512), names=names)
    write_layout(folder / "DIR", images=1)
    (folder / "DIR" / "results").rename(folder / "PREDICTIONS")
    photograph = folder / "DIR" / "leftImg8bit" / "val" / "aachen"
    photograph.mkdir(parents=True)
    for truth in (folder / "DIR").rglob("*_labelIds.png"):
        name = truth.name.replace("_gtFine_labelIds", "_leftImg8bit")
        cv2.imwrite(str(photograph / name), cv2.cvtColor(cv2.imread(str(truth), 0), 8))
    for _, text in blocks("toml"):
        asked = tomllib.loads(text)
        if "name" in asked:
            top, _, rest = text.partition("[protocol]\n")
            hurried = f"{top}[protocol]{HURRY}{rest}" if rest else f"{text}\n[protocol]{HURRY}"
            with (folder / f"{asked['name']}.toml").open("x") as file:
                file.write(hurried)
    for _, text in blocks("python"):
        first, _, code = text.partition("\n")
        if first.startswith("# "):
            path = folder / first.removeprefix("# ")
            path.parent.mkdir(exist_ok=True)
            path.write_text(code)
    return folder


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same as the current folder."""
    monkeypatch.chdir(home)
    return home


def invoke(*words: str) -> str:
    """Standard output of a `segbench` command that must succeed."""
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"{shlex.join(words)}: {done.stderr} {done.exception!r}"
    return done.stdout


def ids(found: list[tuple[str, str]]) -> list[str]:
    return [f"{d}: {text.strip().splitlines()[0]}" for d, text in found]


def test_every_block_is_of_a_kind_that_is_tried() -> None:
    kinds = {k for d in DOCUMENTS for k, _ in BLOCK.findall((REPOSITORY / d).read_text())}
    assert kinds <= {"", "toml", "python"}
    fences = sum((REPOSITORY / d).read_text().count("\n```") for d in DOCUMENTS)
    assert fences == 2 * sum(len(blocks(kind)) for kind in kinds)


@pytest.mark.parametrize("text", [t for _, t in blocks("toml")], ids=ids(blocks("toml")))
def test_a_suite_is_whole_or_completes_one(text: str, here: Path) -> None:
    asked = tomllib.loads(text)
    if "name" in asked:
        assert load_suite(here / f"{asked['name']}.toml").expand()
        return
    model = next(iter(asked.get("model", {})), "segformer-micro")
    data = next(iter(asked.get("dataset", {})), "scenes")
    slugs = ["torch-fp32", "onnx-onnxruntime-fp32", "onnx-onnxruntime-int8-dynamic"]
    block = f'model = "{model}"\ndataset = "{data}"\nvariants = {slugs}'
    path = here / "fragment.toml"
    path.write_text(FRAGMENT.format(text, block))
    assert load_suite(path).expand()


@pytest.mark.parametrize("text", [t for _, t in blocks("python")], ids=ids(blocks("python")))
def test_python_is_a_file_of_an_example_or_runs(text: str, here: Path) -> None:
    if text.startswith("# "):
        assert (here / text.splitlines()[0].removeprefix("# ")).is_file()
        return
    run = here / "runs" / "quickstart"
    run.parent.mkdir(exist_ok=True)
    if not run.exists():
        run.symlink_to(REPOSITORY / "reports" / "examples" / "quickstart")
    exec(compile(text, "README.md", "exec"), {})  # noqa: S102 - our own document


COMMANDS = [
    (d, part.strip())
    for d, text in blocks("")
    for line in text.strip().splitlines()
    for part in line.split("&&")
]


@pytest.mark.e2e
@pytest.mark.parametrize("command", [c for _, c in COMMANDS], ids=[c for _, c in COMMANDS])
def test_a_command_does_what_it_says(command: str, here: Path) -> None:
    words = shlex.split(command)
    match words:
        case ["segbench", "run", suite, *_] if suite in LISTED:
            assert "/cpu/" in invoke(*words[1:], "--list")
        case ["segbench", "run", suite, *_]:
            invoke(*words[1:])
            results = read_run(here / "runs" / Path(suite).stem).results
            assert [(r.case.id, r.status, r.reason) for r in results] == [
                (r.case.id, "ok", "") for r in results
            ]
            assert len(results) >= 2
        case ["segbench", "score", *_]:
            assert "pixel accuracy" in invoke(*words[1:])
        case ["python", "-m", "pip", "install", *_] | ["nox", "-s", *_]:
            known(command)
        case _:
            pytest.fail(f"nobody tries {command!r}: add a case here")


@pytest.fixture(scope="module", autouse=True)
def weights(home: Path) -> None:
    """File that the example of a torch module loads."""
    if any("mine.pt" in text for _, text in blocks("python")):
        torch = pytest.importorskip("torch")
        torch.save(torch.nn.Conv2d(3, 3, kernel_size=1).state_dict(), home / "mine.pt")


INLINES = sorted({c for d in DOCUMENTS for c in INLINE.findall((REPOSITORY / d).read_text())})


@pytest.mark.parametrize("command", INLINES)
def test_a_command_in_a_sentence_exists(command: str) -> None:
    known(command)


def known(command: str) -> None:
    """Fail unless the verb, session, file or extra that a command names exists."""
    words = command.split()
    match words:
        case ["segbench", verb, *rest]:
            usage = (
                invoke(verb, "--help") if verb.isidentifier() or "-" in verb else invoke("--help")
            )
            for option in (w.partition("=")[0] for w in rest if w.startswith("--")):
                assert option in usage, f"{command!r}: {verb} has no option {option}"
        case ["nox", "-s", *sessions]:
            there = (REPOSITORY / "noxfile.py").read_text()
            for name in sessions:
                at = rf'^def {name.replace("-", "_")}\(|name="{name}"'
                assert re.search(at, there, re.MULTILINE), f"{command!r}: no session {name}"
        case ["python", "-m", "pip", "install", *rest]:
            project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
            for name in re.findall(r"-c (\S+)", command):
                assert (REPOSITORY / name).is_file()
            for extra in re.findall(r"\[(\w+)\]", " ".join(rest)):
                assert extra in project["optional-dependencies"]
        case _:
            pytest.fail(f"nobody tries {command!r}: add a case here")
