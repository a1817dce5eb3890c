import json

import pytest

from bench.errors import BadInput, NothingMeasured
from bench.jobs.measure import PairJob
from bench.record.store import to_json, write_atomic
from tests import builders
from tests.live import scripted
from tests.studies.gate import drops, findings, pools, rates, study
from tests.studies.gate.pools import Pools

SIZE = study.Size(calibrating=8, same=12, slowed=8, live=2, pairs=4, repeats=1)
ALL = ["idle", "loaded", "live", "report"]


@pytest.fixture
def scripted_study(monkeypatch):
    """A study whose processes are scripts: noise of 1 %; a list of what was measured."""
    seen = []

    def live(old, new, logs, rng):
        seen.append(new.job.planted)
        return scripted.pair(1 + new.job.planted, len(seen), noise=0.01)

    job = PairJob(case=builders.case(), size=(4, 4))
    monkeypatch.setattr(study, "ready", lambda *words: job)
    monkeypatch.setattr(study.pair, "live", live)
    monkeypatch.setattr(rates, "DRAWS", 20)
    monkeypatch.setattr(drops, "DROPS", (0.0, 0.05))
    monkeypatch.setattr(pools.load, "SPELL_S", (0.01, 0.02))
    return seen


def run(tmp_path, phases, live_under=("idle",), lines=None):
    tell = (lines if lines is not None else []).append
    study.run(tmp_path / "state", tmp_path / "out", SIZE, phases, list(live_under), tell)


def test_a_whole_study_finds_what_was_planted(scripted_study, tmp_path):
    lines = []
    run(tmp_path, ALL, ("idle", "loaded"), lines)
    found = json.loads((tmp_path / "out" / "gate-study.json").read_text())
    assert {p["condition"] for p in found["pools"]} == {"idle", "loaded"}
    assert [len(p["log_ratios"]) for p in found["pools"]] == 2 * [20, 8, 8, 8]
    mine = {
        r["planted"]: r["rate"]["hits"]
        for r in found["rates"]
        if (r["rule"], r["condition"]) == ("segbench gate --live", "loaded")
    }
    assert mine[0.0] == 0
    assert mine[0.1] == 20
    assert found["live"] == {"idle": {"unchanged": 2}, "loaded": {"unchanged": 2}}
    assert [d["planted"] for d in found["drops"]] == [0.0, 0.05]
    borrowed = [r for r in found["rates"] if r["rule"].endswith("with the idle threshold")]
    assert {r["condition"] for r in borrowed} == {"loaded"}
    assert len(borrowed) == 4
    assert found["timed"]["case"].startswith("segformer-micro/onnx-onnxruntime-fp32/cpu")
    assert (found["timed"]["height"], found["timed"]["width"]) == (128, 256)
    text = (tmp_path / "out" / "gate-study.md").read_text()
    assert f"input 128 x 256; the measuring code has the digest {found['timed']['code']}" in text
    assert "| **segbench gate --live** | same pair | 0.0 [0, " in text
    assert "- idle: 2 gates, 2 unchanged." in text
    assert "asv compare" in text
    assert any("min left" in line for line in lines)


def test_phases_go_on_where_they_stopped(scripted_study, tmp_path):
    run(tmp_path, ["idle"])
    count = len(scripted_study)
    assert count == 44
    run(tmp_path, ["idle", "live"])
    assert len(scripted_study) == count + 8
    run(tmp_path, ["idle", "live", "report"])
    assert len(scripted_study) == count + 8
    found = json.loads((tmp_path / "out" / "gate-study.json").read_text())
    assert {r["condition"] for r in found["rates"]} == {"idle"}


def test_what_comes_too_early_is_one_sentence(scripted_study, tmp_path):
    with pytest.raises(BadInput, match="too few to calibrate"):
        run(tmp_path, ["live"])
    with pytest.raises(NothingMeasured, match="No condition has all"):
        run(tmp_path, ["report"])


def test_pools_of_another_machine_are_refused(scripted_study, tmp_path):
    write_atomic(tmp_path / "state" / "machine.json", to_json(builders.environment().machine))
    with pytest.raises(BadInput, match="pairs of another machine"):
        run(tmp_path, ["idle"])


def test_calibrating_pairs_are_not_judged(scripted_study, tmp_path):
    made = Pools(tmp_path)
    for i in range(20):
        made.add("idle", 0.0, scripted.pair(1.3 if i < 8 else 1.0, i, noise=0.001))
    for planted in (0.03, 0.05, 0.1):
        for i in range(8):
            made.add("idle", planted, scripted.pair(1 + planted, i, noise=0.001))
    limit = study.bound(made, SIZE, "idle")
    assert limit > 1.29
    found = findings._rates(made, SIZE, "idle", 1.02, print)
    mine = next(r for r in found if r.rule == "segbench gate --live" and not r.planted)
    assert (mine.rate.hits, mine.units) == (0, 3)


def test_its_command_says_what_is_wrong(scripted_study, tmp_path, capsys):
    words = ["--small", "--state", str(tmp_path), "--phase", "report"]
    assert study.main(words) == 4
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path} holds no pools")
