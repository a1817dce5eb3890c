from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner

from tests.builders import Planned, build_run


def invoke(*words):
    import typer

    from bench.cli.card import card

    app = typer.Typer()
    app.command()(card)
    return CliRunner().invoke(app, [str(w) for w in words])


def test_the_path_of_the_page_goes_to_standard_output(tmp_path):
    run = build_run(tmp_path / "run", (Planned(),))
    answer = invoke(run.folder)
    assert answer.exit_code == 0, answer.output
    assert answer.stdout.strip() == str(run.folder / "card.html")


def test_check_fails_until_the_card_is_written(tmp_path):
    run = build_run(tmp_path / "run", (Planned(),))
    first = invoke(run.folder, "--check")
    assert first.exit_code == 1
    assert "card.md differs from the record" in first.stdout
    assert not (run.folder / "card.md").exists()
    assert invoke(run.folder).exit_code == 0
    assert invoke(run.folder, "--check").exit_code == 0


def test_a_card_can_be_written_elsewhere(tmp_path):
    run = build_run(tmp_path / "run", (Planned(),))
    assert invoke(run.folder, "--out", tmp_path / "there").exit_code == 0
    assert (tmp_path / "there" / "card.html").is_file()
    assert not (run.folder / "card.html").exists()


def test_rendering_never_imports_a_runtime(tmp_path):
    build_run(tmp_path, (Planned(),))
    code = (
        "import sys; from pathlib import Path; from bench.report.card import write_card; "
        "write_card(Path(sys.argv[1])); "
        "print({'torch', 'transformers', 'onnxruntime', 'openvino', 'pandas'} & set(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "set()"
