from __future__ import annotations

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import bench
from bench.cli.app import VERBS, app, guard
from bench.errors import BadInput, CaseFailed, NothingMeasured

HEAVY = ("torch", "transformers", "onnxruntime", "openvino", "pandas", "matplotlib", "scipy",
         "numpy", "pydantic", "rich", "PIL", "cv2")  # fmt: skip


def single(verb) -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    made.command()(guard(verb))
    return made


def segbench(*words: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *words], check=False, text=True, capture_output=True, **more
    )


def test_help_names_every_verb_and_the_exit_codes() -> None:
    found = CliRunner().invoke(app, ["--help"])
    assert found.exit_code == 0
    for verb in VERBS:
        assert f"  {verb} " in found.output
    assert "130 interrupted" in found.output.replace("\n ", "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    found = CliRunner().invoke(app, [verb, "--help"])
    assert found.exit_code == 0
    lines = [line for line in found.output.splitlines() if line.startswith("  --")]
    assert all(len(line.split(maxsplit=1)) == 2 for line in lines)


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    code = (
        "import sys, time; t = time.process_time(); import bench.cli.app\n"
        "try: bench.cli.app.app(['--help'])\n"
        "except SystemExit: pass\n"
        f"heavy = [m for m in {HEAVY!r} if m in sys.modules]\n"
        "print('USED', time.process_time() - t, heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, text=True, capture_output=True)
    _, used, heavy = done.stdout.splitlines()[-1].split(maxsplit=2)
    assert heavy == "[]"
    assert float(used) < 0.3


def test_version_and_module_are_the_same_command() -> None:
    done = segbench("--version")
    assert (done.returncode, done.stdout) == (0, f"segbench {bench.__version__}\n")
    assert segbench("--help").stdout.startswith("Usage: segbench ")


@pytest.mark.parametrize(
    ("error", "code"), [(BadInput, 2), (CaseFailed, 3), (NothingMeasured, 4)]
)  # fmt: skip
def test_an_expected_error_is_a_sentence_and_an_exit_code(error, code: int) -> None:
    def verb() -> None:
        raise error("No 'x'.", "Try 'y'.")

    found = CliRunner().invoke(single(verb))
    assert found.exit_code == code
    assert found.stderr == "Error: No 'x'.\n  Try 'y'.\n"
    assert not found.stdout


def test_an_interruption_is_130() -> None:
    def verb() -> None:
        raise KeyboardInterrupt

    found = CliRunner().invoke(single(verb))
    assert (found.exit_code, found.stderr) == (130, "Interrupted.\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "no/card.md"),
         "no/card.md: Permission denied"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    ],
)  # fmt: skip
def test_a_refusal_of_the_system_is_a_sentence(error: OSError, said: str) -> None:
    def verb() -> None:
        raise error

    found = CliRunner().invoke(single(verb))
    assert found.exit_code == 2
    hint = "Check the folder's rights and the space on the disk."
    assert found.stderr == f"Error: {said}\n  {hint}\n"


def test_a_full_disk_behind_standard_output_is_told_once() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bench", "list"],
            check=False, text=True, stdout=full, stderr=subprocess.PIPE,
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Error: No space left on device"
    assert len(done.stderr.splitlines()) == 2


@pytest.mark.parametrize("error", [ZeroDivisionError, OSError("an odd picture")])
def test_a_bug_keeps_its_traceback(error) -> None:
    def verb() -> None:
        raise error

    found = CliRunner().invoke(single(verb))
    assert isinstance(found.exception, (ZeroDivisionError, OSError))


def test_a_verbs_own_exit_code_passes() -> None:
    def verb() -> None:
        raise typer.Exit(3)

    assert CliRunner().invoke(single(verb)).exit_code == 3


def test_a_typo_exits_2() -> None:
    done = segbench("lsit")
    assert done.returncode == 2
    assert "list" in done.stderr
    assert not done.stdout


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", "list", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    told = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert told == ""


def test_help_of_the_whole_process_is_under_a_third_of_a_second() -> None:
    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        segbench("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time, which is the wall time on an idle machine: other work must not fail a test.
    assert min(once() for _ in range(3)) < 0.3
