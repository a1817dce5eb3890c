"""What may change a number and isn't in the case: versions, clock, flags, commit."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench import __version__
from bench.devices import machine
from bench.plan import keys
from bench.record.environment import Environment

if TYPE_CHECKING:
    from bench.suite.case import Case

_FLAGS = (
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16",
    "avx512_fp16", "amx_bf16", "amx_int8", "asimd", "asimddp", "i8mm", "bf16", "sve",
)  # fmt: skip
_VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OMP_WAIT_POLICY", "KMP_AFFINITY", "KMP_BLOCKTIME",
    "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES", "LD_PRELOAD",
    "MALLOC_ARENA_MAX", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)  # fmt: skip


def environment(case: Case, threads: int) -> Environment:
    """Environment of a case, as the parent sees it just before the case begins."""
    commit, dirty = git(Path.cwd())
    own, _ = git(Path(__file__).resolve().parent)
    variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    return Environment(
        machine=machine.describe(),
        flags=flags(),
        clock_mhz=clock_mhz(),
        load_average=round(os.getloadavg()[0], 2),
        threads=threads,
        versions=versions(case),
        variables={**variables, "OMP_NUM_THREADS": str(threads)},
        git_commit=commit,
        git_dirty=dirty,
        segbench_commit=own,
        code_digest=keys.code_digest(),
    )


def versions(case: Case) -> dict[str, str]:
    """Versions of python, segbench, and all that this case's numbers depend on."""
    import platform

    return {
        "python": platform.python_version(),
        "segbench": __version__,
        **keys.versions(case, case.variant),
    }


@cache
def flags() -> tuple[str, ...]:
    """Processor features that matter to inference, of those that the kernel lists."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return ()
    lines = [n for n in text.splitlines() if n.lower().startswith(("flags", "features"))]
    have = set(lines[0].partition(":")[2].split()) if lines else set()
    return tuple(f for f in _FLAGS if f in have)


def clock_mhz() -> float | None:
    """Fastest core's present clock, MHz, or None where the kernel hides it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return None
    clocks = [float(n.partition(":")[2]) for n in lines if n.lower().startswith("cpu mhz")]
    return max(clocks, default=None)


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
