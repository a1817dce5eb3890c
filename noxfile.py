"""What is done to this repository, by name: `nox -l` lists it, `nox` alone runs the tests.

Every session installs with constraints.txt and pip: the CPU build of torch is only found there.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement

sys.path.insert(0, str(Path(__file__).parent))
from tests import gpu

nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
CONSTRAINTS = ("-c", "constraints.txt")
EDITABLE = ("-e", ".[openvino,coco]")
PLUGIN = ("--no-deps", "--no-build-isolation", "./tests/plugin")
RUNTIMES = {"torch", "transformers", "onnx", "onnxruntime", "onnxscript"}
PLAIN = ("-o", "addopts=-ra --strict-markers --strict-config --import-mode=importlib")
"""pytest's usual options without the one that leaves benchmarks out."""
LONGEST = 300
"""Lines that a file of Python may have."""


def group(*names: str) -> tuple[str, ...]:
    """Requirements of dependency groups of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, *names)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, the import law, and that files stay short."""
    session.install(*CONSTRAINTS, *group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    folders = ("bench", "tests", "noxfile.py")
    files = [
        f for d in folders for f in ([ROOT / d] if d.endswith(".py") else (ROOT / d).rglob("*.py"))
    ]
    lines = {f.relative_to(ROOT): len(f.read_text().splitlines()) for f in files}
    long = [f"{f} has {n} lines" for f, n in sorted(lines.items()) if n > LONGEST]
    stray = [str(f) for d in ("suites", "reports") for f in (ROOT / d).rglob("*.py")]
    if long or stray:
        session.error(
            "; ".join([*long, *(f"{f}: suites/ and reports/ hold data only" for f in stray)])
        )
    session.log(f"{len(files)} files, none longer than {LONGEST} lines")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly: the package, the plug-in, and each registered thing for its kind."""
    session.install(*CONSTRAINTS, "-e", ".", *group("types"))
    session.run("mypy")
    plugin = {"MYPYPATH": "tests/plugin"}
    session.run("mypy", "-p", "segbench_plugin_example", env=plugin)
    session.install(*CONSTRAINTS, "hatchling")
    session.install(*CONSTRAINTS, *PLUGIN)
    file = Path(session.create_tmp()) / "leaves.py"
    file.write_text(str(session.run("python", "tests/leaves.py", silent=True)))
    session.run("mypy", str(file), env=plugin)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test that needs nothing but Python; a plug-in and OpenVINO are installed for it."""
    session.install(*CONSTRAINTS, *EDITABLE, *group("test", "peers"))
    session.install(*CONSTRAINTS, *PLUGIN)
    run_tests(session)


def run_tests(session: nox.Session) -> None:
    """Run pytest without what needs Chromium, a cluster or an idle machine."""
    folders = ("browser", "benchmarks", "ray", "forms")
    elsewhere = [f"--ignore=tests/{folder}" for folder in folders]
    side_by_side = ("-n", "2", "--dist", "worksteal")
    session.run("pytest", *elsewhere, *side_by_side, *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Open the cards in headless Chromium; installed without torch, because cards never need it."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        session.error("There is no Chromium here. Install it: apt-get install chromium")
    without_runtimes(session, *group("test", "browser"))
    session.run("pytest", "tests/browser", *session.posargs)


@nox.session
def ray(session: nox.Session) -> None:
    """Measure on a Ray cluster of several nodes, which is started on this machine."""
    session.install(*CONSTRAINTS, "-e", ".[ray]", *group("test"))
    session.run("pytest", "tests/ray", *session.posargs)


@nox.session
def forms(session: nox.Session) -> None:
    """Export to the optional runtimes, each an extra, and hold their answers against torch's."""
    session.install(*CONSTRAINTS, "-e", ".[mnn,ncnn,coreml,torchao,executorch]", *group("test"))
    session.run("pytest", "tests/forms", *session.posargs)


def without_runtimes(session: nox.Session, *more: str) -> None:
    """Install segbench without torch and its like: records and cards must not need them."""
    light = [r for r in PROJECT["project"]["dependencies"] if Requirement(r).name not in RUNTIMES]
    session.install(*CONSTRAINTS, *light, *more)
    session.install(*CONSTRAINTS, "--no-deps", "-e", ".")


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Time segbench itself; wants an idle machine."""
    session.install(*CONSTRAINTS, *EDITABLE, *group("test"))
    one = {"OPENBLAS_NUM_THREADS": "1"}  # as in a worker, which counts threads itself
    session.run("pytest", "tests/benchmarks", *PLAIN, *session.posargs, env=one)


@nox.session(name="gate-study")
def gate_study(session: nox.Session) -> None:
    """Study the live gate: pools of process pairs, idle and loaded; goes on where it stopped.

    About an hour on an idle machine. `-- --phase idle` (loaded, live, report) does one part of it,
    `-- --small` tries the whole.
    """
    session.install(*CONSTRAINTS, *EDITABLE)
    session.run("python", "-m", "tests.studies.gate.study", *session.posargs)


@nox.session
def scaling(session: nox.Session) -> None:
    """Draw where a run on several nodes stops scaling; wants an idle machine. `-- --small` tries it."""
    session.install(*CONSTRAINTS, "-e", ".[ray]", *group("test"))
    session.run("python", "-m", "tests.studies.scaling.study", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure a suite (quickstart) twice on the CPU; the gate must not tell the runs apart."""
    session.install(*CONSTRAINTS, *EDITABLE, *group("test"))
    suite, words = named_suite(session)
    twice(session, "nox-bench", suite or "quickstart", *words)


@nox.session(name="bench-gpu")
def bench_gpu(session: nox.Session) -> None:
    """Do the same on CUDA, with three suites; skipped where there is none.

    A CUDA build of torch is sought first (tests/gpu.py). With --no-venv nothing is installed.
    """
    reason = no_driver()
    if reason:
        session.skip(reason)
    if session.virtualenv.is_sandboxed:
        cuda_torch(session)
    answer = session.run(python(session), "-c", gpu.PROBE, silent=True, external=True)
    lacks = str(answer).rpartition("LACKS")[2].strip()  # runtimes may print warnings before it
    if lacks and session.virtualenv.is_sandboxed:
        lacks += f" (name an index of CUDA builds in {gpu.INDEX}, or try nox --no-venv)"
    if lacks:
        session.skip(f"{python(session)} lacks {lacks}")
    suite, words = named_suite(session)
    for name, more in ({suite: ()} if suite else gpu.SUITES).items():
        given = (*words, *(() if "--weights" in words else more))
        twice(session, f"nox-bench-gpu-{Path(name).stem}", name, "--target", "cuda", *given)


def cuda_torch(session: nox.Session) -> None:
    """Install segbench with the torch that `gpu.choose` names."""
    asked = gpu.interpreters(sys.executable, os.environ)
    choice = gpu.choose(map(gpu.ask, asked), sys.version_info[:2], os.environ.get(gpu.INDEX, ""))
    for line in choice.log:
        session.log(line)
    rest = Path(session.create_tmp()) / "constraints.txt"
    rest.write_text(gpu.without_torch((ROOT / "constraints.txt").read_text()))
    shown = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    home = Path(str(session.run("python", "-c", shown, silent=True)).strip())
    (home / "cuda-torch.pth").write_text("\n".join(choice.folders) + "\n")
    if choice.install:
        session.install(*choice.install)
    session.install("-c", str(rest), "-e", ".[gpu]", *group("test"))


def python(session: nox.Session) -> str:
    """The session's Python; with --no-venv the one that runs nox, whatever PATH names."""
    return "python" if session.virtualenv.is_sandboxed else sys.executable


def named_suite(session: nox.Session) -> tuple[str, list[str]]:
    """Suite that the first word names, empty if it is an option (`--only GLOB`), and the other words."""
    words = list(session.posargs)
    return (words.pop(0) if words and not words[0].startswith("-") else ""), words


def twice(session: nox.Session, name: str, suite: str, *words: str) -> None:
    """Run a suite twice below runs/, its cases as benchmarks of pytest-benchmark, and gate the runs."""
    folder = ROOT / "runs"
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.json"
    # The conftest.py of all tests would give a cache of its own and no network.
    pytest = ("-m", "pytest", "tests/suites", "--confcutdir", "tests/suites", *PLAIN)
    options = (
        "-s",
        "--timeout=0",
        "--suite",
        suite,
        "--runs",
        str(folder / name),
        f"--benchmark-json={file}",
    )
    session.run(python(session), *pytest, *options, *words, external=True)


def no_driver() -> str:
    """Empty, or the reason why this machine has no CUDA: asked of the driver, before any install."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver here (libcuda.so.1 isn't installed)"
    code = driver.cuInit(0)
    return f"the NVIDIA driver found no usable GPU (cuInit returned {code})" if code else ""


@nox.session
def card(session: nox.Session) -> None:
    """Render the committed examples again; fail if a byte differs."""
    without_runtimes(session)
    records = sorted((ROOT / "reports" / "examples").glob("*/run.json"))
    if not records:
        session.error("reports/examples holds no run.")
    for record in records:
        session.run("segbench", "card", str(record.parent), "--check")


@nox.session(reuse_venv=False)
def package(session: nox.Session) -> None:
    """Build the wheel, install it into an empty venv, and measure from another folder."""
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder)
    folder.mkdir()
    session.run("python", "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), ".")
    (wheel,) = folder.glob("segbench-*.whl")
    session.install(*CONSTRAINTS, str(wheel))
    script = ROOT / "tests" / "installed.py"
    session.chdir(folder)
    session.run(
        "python", "-I", str(script), str(ROOT), env={"SEGBENCH_CACHE": str(folder / "cache")}
    )


@nox.session
def minimums(session: nox.Session) -> None:
    """Run the tests on the lowest declared versions of everything but torch."""
    project = PROJECT["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["openvino"], *extras["coco"]]
    lines = [
        lowest(r) for r in (*declared, *group("test", "peers")) if Requirement(r).name != "torch"
    ]
    pinned = [
        n for n in Path("constraints.txt").read_text().splitlines() if n.startswith("torch==")
    ]
    file = Path(session.create_tmp()) / "minimums.txt"
    file.write_text("\n".join(sorted({*lines, *pinned})) + "\n")
    session.install("-c", str(file), *EDITABLE, *group("test", "peers"))
    session.install(*PLUGIN)
    run_tests(session)


def lowest(requirement: str) -> str:
    """`name==VERSION` of a requirement that says `name>=VERSION`."""
    asked = Requirement(requirement)
    (bound,) = [s.version for s in asked.specifier if s.operator == ">="]
    return f"{asked.name}=={bound}"
