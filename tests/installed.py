"""Run by `nox -s package` in a venv that holds only the wheel, from a folder outside the checkout.

Argument: the checkout, which nothing may come from. `python -I` keeps the current folder and the
environment's paths away.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CASE = "segformer-micro/torch-fp32/cpu/scenes"


def command(*words: str) -> str:
    """Standard output of the installed `segbench`; its exit code must be 0."""
    script = Path(sys.executable).with_name("segbench")
    print("$ segbench", *words, flush=True)
    done = subprocess.run([str(script), *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"segbench {' '.join(words)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def check_data(checkout: Path) -> None:
    """Suites, templates and weights come out of the wheel."""
    import bench
    from bench import resources
    from bench.registry import load
    from bench.suite.load import load_suite, shipped

    for place in (bench.__file__, resources.suites_dir(), resources.reports_dir()):
        if not Path(place).resolve().is_relative_to(Path(sys.prefix).resolve()):
            sys.exit(f"{place} doesn't lie in the venv; is it from {checkout}?")
    if not any((resources.reports_dir() / "templates").iterdir()):
        sys.exit("The wheel holds no templates.")
    for name in shipped():
        suite = load_suite(name)
        print(f"suite {name}: {len(suite.expand())} cases")
        for model in {b.model.name: b.model for b in suite.blocks}.values():
            if model.source == "package":
                digest = load("model", model.loader)().digest(model)
                print(f"weights of {model.name}: {digest[:12]}")


def check_commands() -> None:
    """One case of quickstart is measured and gets its card."""
    for words, expected in ((("--help",), "gate"), (("list",), "quickstart"), (("doctor",), "cpu")):
        if expected not in command(*words).lower():
            sys.exit(f"segbench {' '.join(words)} doesn't name {expected}.")
    command("run", "quickstart", "--only", CASE, "--out", "run")
    cases = json.loads(command("show", "run", "--json"))["cases"]
    status = {c["id"]: (c["status"], c["reason"]) for c in cases if c["id"] == CASE}
    if status != {CASE: ("ok", "")}:
        sys.exit(f"Measured: {status}")
    command("card", "run")
    # One form makes no plot; its table and its pictures come from templates and media all the same.
    card = Path("run/card.html").read_text()
    if "<table" not in card or "data:image/png" not in card:
        sys.exit("card.html shows no table or no picture.")


def main() -> None:
    """Exit with a sentence at the first thing that the wheel lacks."""
    check_data(Path(sys.argv[1]))
    check_commands()
    print("The wheel measures and renders on its own.")


if __name__ == "__main__":
    main()
