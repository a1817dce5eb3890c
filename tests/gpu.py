"""No test: how `nox -s bench-gpu` finds a torch that can use the GPU, in pure Python.

An interpreter that is there already may have one: the one that runs nox, those that PATH, conda or a
virtual environment name. Its packages are then shown to the session's environment by a .pth file. Else
torch is installed without the pin of constraints.txt, whose version has a CPU build, from the ordinary
index or from the one that SEGBENCH_TORCH_INDEX names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

INDEX = "SEGBENCH_TORCH_INDEX"
"""Environment variable: index of wheels, such as https://download.pytorch.org/whl/cu130."""
OLDEST = (2, 8)
"""torch that segbench needs."""
ASK = """
import json, sys
told = {"python": sys.version_info[:2], "torch": None, "cuda": False, "folders": []}
try:
    import torch
    told["torch"], told["cuda"] = torch.__version__, torch.cuda.is_available()
    told["folders"] = [p for p in sys.path if p.endswith(("site-packages", "dist-packages"))]
except Exception as e:
    told["why"] = str(e).partition("\\n")[0]
print("TOLD" + json.dumps(told))
"""

PROBE = """
from importlib import import_module
lacks = []
names = "torch transformers pydantic typer rich cv2 filelock platformdirs psutil jinja2 pynvml"
for name in f"{names} pytest_benchmark pytest_timeout".split():
    try:
        import_module(name)
    except Exception as e:
        lacks.append(f"{name} ({str(e).partition(chr(10))[0]})")
if not lacks:
    import torch
    if not torch.cuda.is_available():
        lacks.append(f"a torch that can use the GPU: this is {torch.__version__}")
print("LACKS", "; ".join(lacks))
"""
"""Prints what measuring on CUDA lacks, if anything. ONNX Runtime is optional there."""
LARGE = "mask2former-swin-large-cityscapes"
SUITES: dict[str, tuple[str, ...]] = {
    "quickstart": (),
    "gpu": (),
    LARGE: ("--weights", f"{LARGE}=seed", "--dataset", "cityscapes=scenes"),
}
"""Suites of `bench-gpu`; the large one needs neither weights nor Cityscapes to be timed."""


@dataclass(frozen=True)
class Found:
    """What an interpreter told of its torch."""

    path: str
    python: tuple[int, int] = (0, 0)
    torch: str = ""
    cuda: bool = False
    folders: tuple[str, ...] = ()

    def misfit(self, python: tuple[int, int]) -> str:
        """Empty, or why its packages can't serve an environment of a Python version."""
        if not self.torch:
            return "has no torch"
        if not self.cuda:
            return f"has torch {self.torch}, which can't use the GPU"
        if self.python != python:
            own, other = (".".join(map(str, v)) for v in (self.python, python))
            return f"has torch {self.torch} for Python {own}, and this is {other}"
        if _version(self.torch) < OLDEST:
            return f"has torch {self.torch}, older than {'.'.join(map(str, OLDEST))}"
        return ""


@dataclass(frozen=True)
class Choice:
    """Where the environment gets torch from."""

    folders: tuple[str, ...] = ()
    """Folders of packages that are shown to it; empty = torch is installed."""
    install: tuple[str, ...] = ()
    """Words of `pip install`."""
    log: tuple[str, ...] = ()
    """A sentence for each interpreter that was asked, then the choice."""


def interpreters(
    running: str, environ: Mapping[str, str], which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """Interpreters that may have a torch with CUDA, the one that runs nox first."""
    homes = (environ.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    named = [running, *(str(Path(h) / "bin" / "python") for h in homes if h)]
    named += filter(None, map(which, ("python3", "python")))
    return tuple(dict.fromkeys(named))


def ask(path: str) -> Found:
    """What an interpreter tells, in two minutes at most."""
    environ = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}}
    try:
        done = subprocess.run(
            [path, "-c", ASK], capture_output=True, text=True, timeout=120, check=False, env=environ
        )
        # Runtimes may print warnings before it.
        told = json.loads(done.stdout.rpartition("TOLD")[2])
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return Found(path)
    major, minor = told["python"]
    return Found(path, (major, minor), told["torch"] or "", told["cuda"], tuple(told["folders"]))


def choose(found: Iterable[Found], python: tuple[int, int], index: str = "") -> Choice:
    """Packages of the first interpreter that fits; else how torch is installed."""
    log = []
    for one in found:
        misfit = one.misfit(python)
        if not misfit:
            log.append(f"{one.path} has torch {one.torch}, which can use the GPU: it is taken")
            return Choice(folders=one.folders, log=tuple(log))
        log.append(f"{one.path} {misfit}")
    log.append(f"torch is installed from {index or 'the ordinary index'}")
    words = ("--index-url", index) if index else ()
    return Choice(install=(*words, f"torch>={'.'.join(map(str, OLDEST))}"), log=tuple(log))


def without_torch(constraints: str) -> str:
    """Constraints without the pin of torch."""
    lines = constraints.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("torch=="))


def _version(text: str) -> tuple[int, ...]:
    """`2.13.0+cu130` -> (2, 13)."""
    return tuple(int(part) for part in text.split(".")[:2])
