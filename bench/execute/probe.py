"""What this machine and installation are: which cases they run, and all that may change a number.

It speaks for the machine that it runs on, so that a parent never speaks for another one.
"""

import os
import platform
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

from bench import __version__, registry
from bench.devices import machine
from bench.devices.machine import cpuinfo, flags
from bench.jobs.prepare import ProbeJob, ProbeReport
from bench.record.environment import Environment
from bench.registry import installed
from bench.resources import code_of
from bench.suite.case import Case
from bench.suite.variant import Variant

MEASURING = (
    "backends", "datasets", "devices", "exporters", "measure", "metrics/latency.py",
    "models", "tasks", "transforms",
)  # fmt: skip
"""The room `measure`, and what it uses of others: code that makes a number what it is."""
_VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY", "KMP_AFFINITY", "KMP_BLOCKTIME",
    "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES", "LD_PRELOAD",
    "MALLOC_ARENA_MAX", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)  # fmt: skip


def answer(job: ProbeJob) -> ProbeReport:
    """What this machine says about the job's cases."""
    told = job.cases if job.environments else ()
    reasons = {case.id: tuple(misses(case)) for case in job.cases}
    return ProbeReport(
        machine=machine.describe(),
        cores=machine.cores(),
        available_bytes=machine.available(),
        device_bytes={
            name: registry.load("device", name)().total_bytes()
            for name in registry.entries("device")
        },
        code_digest=code_digest(),
        skips={name: next(iter(found), "") for name, found in reasons.items()},
        lacks={name: len(found) for name, found in reasons.items()},
        unexportable={case.id: export_reason(case) for case in job.cases},
        environments={case.id: environment(case) for case in told},
    )


def skip_reason(case: Case) -> str:
    """Empty, or why this machine or installation can't run the case."""
    return next(misses(case), "")


def export_reason(case: Case) -> str:
    """Empty, or why this installation can't make the case's artifact, whatever would run it."""
    steps = [registry.load("exporter", step.name)() for step in case.variant.steps]
    absent = uninstalled(tuple(dict.fromkeys(name for step in steps for name in step.needs)))
    return next(filter(None, (absent, *(step.lacks() for step in steps))), "")


def misses(case: Case) -> Iterator[str]:
    """Everything that this machine or installation lacks for the case."""
    yield from machine.mismatches(case.target, machine.describe())
    required = (*needs(case.variant), *registry.load("task", case.protocol.task).needs)
    if absent := uninstalled(required):
        yield absent
        return
    backend = registry.load("backend", case.variant.backend)()
    device = registry.load("device", case.target.device)()
    steps = (registry.load("exporter", step.name)() for step in case.variant.steps)
    reasons = (backend.refuses(case.variant, device), *(step.lacks() for step in steps))
    yield from filter(None, reasons)
    loader = registry.load("model", case.model.loader)
    if not (backend.remote or case.variant.steps or loader.provides_torch):
        yield f"{case.model.name} is an ONNX file; this variant needs a torch module"


def uninstalled(names: tuple[str, ...]) -> str:
    """Empty, or which distributions aren't installed, and the command that does it."""
    absent = [name for name in names if registry.version(name) is None]
    verb = "isn't" if len(absent) == 1 else "aren't"
    install = f"python -m pip install {' '.join(absent)}"
    return f"{' and '.join(absent)} {verb} installed: {install}" if absent else ""


def needs(variant: Variant) -> tuple[str, ...]:
    """Distributions that a variant's backend and export steps need."""
    steps = (registry.load("exporter", step.name).needs for step in variant.steps)
    needed = chain(registry.load("backend", variant.backend).needs, *steps)
    return tuple(dict.fromkeys(needed))


def threads(case: Case) -> int:
    """Threads of the runtime: the target's, or all that a process may use here."""
    return case.target.threads or machine.cores()


def environment(case: Case) -> Environment:
    """Environment of a case that is about to begin."""
    commit, dirty = git(Path.cwd())
    own, _ = git(Path(__file__).resolve().parent)
    variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    return Environment(
        machine=machine.describe(),
        flags=flags(),
        clock_mhz=clock_mhz(),
        load_average=round(os.getloadavg()[0], 2),
        threads=threads(case),
        versions=versions(case),
        variables={**variables, "OMP_NUM_THREADS": str(threads(case))},
        git_commit=commit,
        git_dirty=dirty,
        segbench_commit=own,
        code_digest=code_digest(),
    )


def code_digest() -> str:
    """Digest, 16 hexadecimal digits, of the code that measures."""
    return code_of(MEASURING)


def versions(case: Case) -> dict[str, str]:
    """Versions of python, segbench, and all that this case's numbers depend on."""
    own = {"python": platform.python_version(), "segbench": __version__}
    return {**own, **runtime_versions(case, case.variant)}


def runtime_versions(case: Case, variant: Variant) -> dict[str, str]:
    """Versions of the distributions that a variant's numbers depend on."""
    loader = registry.load("model", case.model.loader)
    task = registry.load("task", case.protocol.task)
    names = {*needs(variant), *loader.needs, *task.needs, "numpy", "opencv-python-headless"}
    return {name: installed(name) for name in sorted(names)}


def clock_mhz() -> float | None:
    """Fastest core's present clock, MHz, or None where the kernel hides it."""
    return max((float(value) for value in cpuinfo("cpu mhz")), default=None)


@cache
def git(folder: Path) -> tuple[str | None, bool | None]:
    """Commit and dirty flag of the checkout that a folder lies in; None outside of one."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        return commit, bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None, None


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()
