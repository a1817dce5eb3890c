from __future__ import annotations

import json
import re

import pytest
import yaml
from typer.testing import CliRunner

from bench import resources
from bench.cli.app import VERBS, app
from tests.builders import ROWS, build_run, with_rows
from tests.gate.planted import emptied, paired, retimed

INT8 = "onnx-onnxruntime-int8-static"


@pytest.fixture
def old(tmp_path):
    return str(build_run(tmp_path / "old").folder)


def gate(*words):
    return CliRunner().invoke(app, ["gate", *map(str, words)])


def built(tmp_path, **changes):
    return str(build_run(tmp_path / "new", with_rows(ROWS, INT8, **changes)).folder)


def test_open_exits_0_and_closed_exits_1(old, tmp_path):
    done = gate(old, "--baseline", old)
    assert (done.exit_code, "The gate is open" in done.stdout) == (0, True)
    done = gate(built(tmp_path, flip=0.2), "--baseline", old)
    assert (done.exit_code, "The gate is closed" in done.stdout) == (1, True)
    assert f"micro/{INT8}/cpu/scenes" in done.stdout


@pytest.mark.parametrize("option", ["--junit", "--markdown"])
def test_an_output_without_a_folder_is_refused_before_measuring(old, tmp_path, option):
    for path, said in (
        (tmp_path / "missing" / "x", "is no folder"),
        (f"{old}/run.json/x", "is no folder"),
        (old, "is a folder"),
    ):
        # The run doesn't exist: the refusal comes before it is read.
        done = gate(tmp_path / "none", "--baseline", old, option, path)
        assert done.exit_code == 2
        assert said in done.stderr


def test_an_output_that_fails_after_all_is_one_sentence(old, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", f"{old}/none/summary.md")
    done = gate(old, "--baseline", old, "--markdown", "-")
    assert done.exit_code == 2
    assert "summary.md can't be written: No such file" in done.stderr


def test_a_planted_slow_down_exits_1(old, tmp_path):
    slow = retimed(build_run(tmp_path / "slow"), seed=3, scale=2.0)
    assert gate(slow.folder, "--baseline", old).exit_code == 1


def test_nothing_measured_exits_4_and_says_so(old, tmp_path):
    built(tmp_path)
    empty = emptied(tmp_path / "new").folder
    done = gate(empty, "--baseline", old)
    assert done.exit_code == 4
    assert "never passes" in done.stderr
    done = gate(empty, "--baseline", old, "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["outcome"] == "nothing measured"


def test_bad_input_exits_2(old, tmp_path):
    assert gate(tmp_path, "--baseline", old).exit_code == 2
    done = gate(old, "--baseline", tmp_path / "none")
    assert done.exit_code == 2
    assert "--accept" in done.stderr
    assert gate(old, "--baseline", old, "--because", "x").exit_code == 2
    assert gate(old, "--baseline", tmp_path / "b", "--accept").exit_code == 2
    assert not (tmp_path / "b").exists()


def test_json_is_stable(old, tmp_path):
    done = gate(built(tmp_path, flip=0.2), "--baseline", old, "--json")
    found = json.loads(done.stdout)
    assert set(found) == {
        *("schema", "run", "baseline", "blessed", "outcome", "sentence", "counts", "policy"),
        *("verdicts", "new", "notes", "only", "metric", "live", "blessing"),
    }
    assert (found["schema"], found["outcome"], done.exit_code) == (2, "closed", 1)
    miou = next(v for v in found["verdicts"] if v["metric"] == "miou" and v["blocks"])
    assert set(miou) == {
        *("case", "metric", "kind", "baseline", "current", "low", "high", "compared"),
        *("smallest", "why", "blocks"),
    }
    assert (miou["kind"], miou["compared"]) == ("regressed", "difference")


def test_accept_makes_and_renews_a_baseline(old, tmp_path):
    base = tmp_path / "baselines" / "built"
    done = gate(old, "--baseline", base, "--accept", "--because", "the first")
    assert done.exit_code == 0
    assert gate(old, "--baseline", base).exit_code == 0
    worse = built(tmp_path, flip=0.2)
    assert gate(worse, "--baseline", base).exit_code == 1
    done = gate(worse, "--baseline", base, "--accept", "--because", "a smaller net", "--json")
    assert done.exit_code == 0
    blessing = json.loads(done.stdout)["blessing"]
    assert blessing["because"] == "a smaller net"
    assert any("miou regressed" in a for a in blessing["accepted"])
    done = gate(worse, "--baseline", base)
    assert done.exit_code == 0
    assert "blessed by" in done.stdout
    assert "because: a smaller net" in done.stdout


def test_a_bare_name_is_a_baseline(old, tmp_path, monkeypatch):
    (tmp_path / "suites" / "baselines").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert gate(old, "--baseline", "mine", "--accept", "--because", "the first").exit_code == 0
    assert (tmp_path / "suites" / "baselines" / "mine" / "blessed.json").is_file()
    assert gate(old, "--baseline", "mine").exit_code == 0
    done = gate(old, "--baseline", "mien")
    assert done.exit_code == 2
    assert "'mine'" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--baseline", "OLD", "--pairs", "4"],
        ["--live", "main", "--accept", "--because", "x"],
        ["--baseline", "OLD", "--accept", "--because", "x", "--only", "*"],
        ["--baseline", "OLD", "--json", "--markdown", "-"],
        ["--baseline", "OLD", "--only", "nobody"],
        ["--baseline", "OLD", "--metric", "miuo"],
        ["--live", "main", "--metric", "miuo"],
    ],
)
def test_words_that_make_no_sense_together_are_one_sentence(old, words):
    done = gate(old, *(old if word == "OLD" else word for word in words))
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) <= 2
    assert not done.stdout


def test_markdown_and_junit_are_written_whatever_the_exit_code(old, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    new = built(tmp_path, flip=0.2)
    assert gate(new, "--baseline", old).exit_code == 1
    assert summary.read_text() == "before\n", "only when asked"
    table, xml = tmp_path / "gate.md", tmp_path / "gate.xml"
    done = gate(new, "--baseline", old, "--markdown", table, "--junit", xml)
    assert done.exit_code == 1
    assert "The gate is closed" in done.stdout
    assert table.read_text().startswith("### segbench gate: closed")
    assert summary.read_text() == "before\n" + table.read_text()
    assert b"<failure" in xml.read_bytes()
    done = gate(new, "--baseline", old, "--markdown", "-")
    assert done.stdout == table.read_text()


def scripted(monkeypatch, measure):
    monkeypatch.setattr("bench.live.compare.measure", measure)


def test_live_pairs_are_measured_first_and_then_judged(old, tmp_path, monkeypatch):
    new = build_run(tmp_path / "new")
    calls = []

    def measure(folder, base, **options):
        calls.append((folder, base, options))
        slugs = [r.case.variant.slug for r in new.results if r.get("timing")]
        return tuple(
            paired(new, slug, ratio=1.2, count=8, first=4, baseline=base) for slug in slugs
        )

    scripted(monkeypatch, measure)
    done = gate(new.folder, "--live", "main", "--pairs", 4, "--json")
    found = json.loads(done.stdout)
    options = {"only": None, "pairs": 4, "allow_code": False, "policy": None}
    assert calls == [(new.folder, "main", options)]
    assert (done.exit_code, found["live"]) == (1, "main")
    assert {v["metric"] for v in found["verdicts"]} == {"latency_live"}
    done = gate(new.folder, "--live", old, "--json")
    metrics = {v["metric"] for v in json.loads(done.stdout)["verdicts"]}
    assert {"latency_live", "miou", "status"} <= metrics, "a run folder is the baseline, too"
    assert (calls[1][1], json.loads(done.stdout)["baseline"]) == (old, old)
    assert calls[1][2]["policy"] is not None, "the baseline's own policy judges the pairs"


def test_live_without_pairs_exits_4(old, tmp_path, monkeypatch):
    scripted(monkeypatch, lambda *_, **__: ())
    done = gate(old, "--live", "main")
    assert done.exit_code == 4
    assert "never passes" in done.stderr
    done = gate(old, "--baseline", old, "--live", "main", "--json")
    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (4, "nothing measured")
    scripted(monkeypatch, lambda *_, **__: pytest.fail("measured before the words were checked"))
    assert gate(old, "--baseline", tmp_path / "none", "--live", "main").exit_code == 2


def test_the_workflow_in_the_documentation_uses_options_that_exist():
    text = (resources.suites_dir() / "baselines" / "WORKFLOW.md").read_text()
    flow = yaml.safe_load(text.split("```yaml\n")[1].split("\n```")[0])
    # YAML 1.1 reads the key `on` as true.
    assert set(flow) == {"name", True, "permissions", "concurrency", "env", "jobs"}
    scripts = [step.get("run", "") for step in flow["jobs"]["gate"]["steps"]]
    lines = "\n".join(scripts)
    verbs = set(re.findall(r"segbench ([a-z-]+)", lines))
    assert {"run", "gate"} <= verbs <= set(VERBS)
    known = gate("--help").stdout
    (script,) = [s for s in scripts if "segbench gate" in s]
    for option in set(re.findall(r"--[a-z-]+", script)):
        assert option in known


def test_verbose_lists_the_unchanged(old):
    quiet, loud = gate(old, "--baseline", old), gate(old, "--baseline", old, "-v")
    assert "--verbose lists them" in quiet.stdout
    assert loud.stdout.count("unchanged") > 20
