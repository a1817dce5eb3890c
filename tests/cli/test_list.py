from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from bench import registry
from bench.cli.app import guard
from bench.cli.list import KINDS, list_, listing

app = typer.Typer()
app.command()(guard(list_))


def run(*words: str):
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "100"})


def test_json_holds_every_kind_with_providers() -> None:
    found = json.loads(run("--json").stdout)
    assert found["schema"] == 1
    assert tuple(found["kinds"]) == KINDS
    for rows in found["kinds"].values():
        assert rows
        assert all(set(r) == {"name", "provider", "about"} for r in rows)
    assert "quickstart" in [r["name"] for r in found["kinds"]["suites"]]


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_alone(kind: str) -> None:
    found = run(kind)
    assert found.exit_code == 0
    assert found.stdout.startswith(f"{kind} (")
    rows = json.loads(run(kind, "--json").stdout)["kinds"]
    assert list(rows) == [kind]
    for row in rows[kind]:
        assert row["name"] in found.stdout
        assert " ".join(row["about"].split()[-3:]) in " ".join(found.stdout.split())


def test_all_kinds_fit_the_terminal() -> None:
    lines = run().stdout.splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.startswith("targets (") for line in lines)


def test_a_plug_in_is_named(monkeypatch) -> None:
    mine = {"x": registry.Entry("backend", "x", "a:b", "somebody")}
    monkeypatch.setattr(registry, "entries", lambda kind: mine)
    assert "[somebody]" in run("backends").stdout


def test_a_variant_says_what_to_install(monkeypatch) -> None:
    found = {r["name"]: r["about"] for r in listing("variants")}
    assert "pip install" not in found["torch-fp32"]
    version = registry.version
    monkeypatch.setattr(registry, "version", lambda name: None if name == "MNN" else version(name))
    found = {r["name"]: r["about"] for r in listing("variants")}
    assert found["mnn-fp32"].endswith("MNN isn't installed: python -m pip install MNN.")


def test_a_typo_gets_the_nearest_kind() -> None:
    found = run("target")
    assert found.exit_code == 2
    assert "'targets'" in found.stderr
