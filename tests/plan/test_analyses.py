import shutil

import pytest

from bench import cachedir
from bench.devices import machine
from bench.execute.base import Outcome
from bench.plan import largest
from bench.record.memory import FitsMeasurement
from bench.record.result import Failure
from bench.record.store import read_run
from bench.record.work import ComponentMeasurement, WorkMeasurement
from tests import builders, measured, small
from tests.plan.scripted import Script, launch

WORK = WorkMeasurement(batch_size=1, height=32, width=64)
PARTS = ComponentMeasurement(whole_ns=(5,), how="hooks")
COUNTED = {"work": WORK, "components": PARTS}


def ceiling(job):
    made = measured.ceiling(machine.describe())
    made = made.model_copy(update={"device": job.device, "threads": job.threads})
    return {"ceiling": made.model_dump(mode="json", by_alias=True)}


@pytest.fixture
def asked(tmp_path, cache):
    """Two cases with everything beside them, and no ceiling in the cache."""
    shutil.rmtree(cache / "ceilings", ignore_errors=True)
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    protocol = small.QUICK.model_copy(update={"work": True, "ceiling": True, "launches": 2})
    return small.suite(small.block(of, data, small.ORT, small.DYNAMIC, protocol=protocol))


def go(asked, tmp_path, cache):
    watch = small.Quiet()
    found = small.run(asked, tmp_path / "run", cache, watch)
    return list(found.values()), watch


def test_what_is_beside_comes_after_all_launches_and_only_once(asked, tmp_path, cache, monkeypatch):
    script = Script(monkeypatch, timing=launch(), work=COUNTED, ceiling=ceiling)
    rows, watch = go(asked, tmp_path, cache)
    assert [j.step for j in script.jobs] == ["timing", "timing", "work", "work", "ceiling"]
    assert all(r.get("work") == WORK and r.get("components") == PARTS for r in rows)
    (one,) = read_run(tmp_path / "run").ceilings()
    assert (one.device, one.threads) == ("cpu", 1)
    assert watch.to_come[0] == ("", {"case": 2, "timing": 2, "work": 2, "ceiling": 1})
    assert watch.to_come[-1] == ("", {})

    again, watch = go(asked, tmp_path, cache)
    assert again == rows
    assert len(script.jobs) == 5
    assert [stood for *_, stood in watch.done] == [True, True]


def test_a_ceiling_is_found_in_the_cache_by_the_next_run(asked, tmp_path, cache, monkeypatch):
    script = Script(monkeypatch, timing=launch(), work=COUNTED, ceiling=ceiling)
    go(asked, tmp_path, cache)
    (tmp_path / "run").rename(tmp_path / "before")
    go(asked, tmp_path, cache)
    assert len(script.ran("ceiling")) == 1
    assert read_run(tmp_path / "run").ceilings() == read_run(tmp_path / "before").ceilings()


def test_each_machine_of_a_run_keeps_its_ceiling(asked, tmp_path, cache, monkeypatch):
    script = Script(monkeypatch, timing=launch(), work=COUNTED, ceiling=ceiling)
    here, describe = machine.describe(), machine.describe
    go(asked, tmp_path, cache)
    other = here.model_copy(update={"processor": "another"})
    monkeypatch.setattr(machine, "describe", lambda: other)
    go(asked, tmp_path, cache)
    monkeypatch.setattr(machine, "describe", describe)
    go(asked, tmp_path, cache)
    assert len(script.ran("ceiling")) == 2
    found = read_run(tmp_path / "run").ceilings()
    assert {c.machine.processor for c in found} == {here.processor, "another"}


def test_what_cannot_be_measured_never_costs_the_row(asked, tmp_path, cache, monkeypatch):
    dead = Failure(step="x", type="SIGSEGV", message="It crashed.")
    script = Script(monkeypatch, timing=dead, work=dead, ceiling=dead)
    rows, _ = go(asked, tmp_path, cache)
    for row in rows:
        assert row.status == "ok"
        assert row.get("work").absent == row.get("components").absent == "It crashed."
        assert (row.get("work").height, row.get("work").width) == small.SIZE
        assert row.notes[:2] == (
            "Launch 2 of 2 failed: It crashed.", "Counting the work failed: It crashed.",
        )  # fmt: skip
    assert rows[0].notes[2:] == ("Measuring the machine's ceiling failed: It crashed.",)
    assert len(script.ran("ceiling")) == 1
    assert not read_run(tmp_path / "run").ceilings()
    assert tuple(rows) == read_run(tmp_path / "run").results


def test_an_installation_without_torch_has_a_reason_and_no_note(
    asked, tmp_path, cache, monkeypatch
):
    gone = Failure(step="x", type="Unsupported", message="torch isn't installed.")
    without = Outcome(failure=gone, skipped=True)
    Script(monkeypatch, timing=launch(), work=without, ceiling=without)
    rows, _ = go(asked, tmp_path, cache)
    assert all(r.notes == () for r in rows)
    assert rows[0].get("work").absent == "torch isn't installed."


def test_a_search_leaves_no_artifact_behind(asked, tmp_path, cache, monkeypatch):
    seen = []

    def measured(search):
        digest = search.export(3, 96, 192)
        seen.append(cachedir.artifact(cache, digest))
        assert list(seen[0].glob("*.onnx"))
        ended = search.start(search.job.model_copy(update={"artifact": digest}))
        assert (ended.report.peak_bytes, ended.failure) == (5, None)
        return FitsMeasurement()

    monkeypatch.setattr(largest.Search, "measured", measured)
    script = Script(monkeypatch, fits={"peak_bytes": 5})
    protocol = small.QUICK.model_copy(update={"fits_gb": (1.0,)})
    block = asked.blocks[0].model_copy(update={"protocol": protocol, "variants": (small.ORT,)})
    # An image size that no other test asks for; the case's own artifact stays in the cache.
    (row,), _ = go(small.suite(block), tmp_path, cache)
    assert row.get("fits") == FitsMeasurement()
    assert script.ran("fits")[0].size == small.SIZE
    assert not seen[0].exists()
    assert (cache / "artifacts" / row.artifact.digest).is_dir()


def test_a_corrupted_case_is_measured_for_accuracy_alone():
    from bench.plan.analyses import Analyses

    beside = Analyses(run=None, graph=None, home=None)
    noisy = builders.protocol(corruption="fog/3", work=True, ceiling=True, fits_gb=(8.0,))
    assert beside.wanted(builders.case(protocol=noisy)) == {}


def test_a_busy_machines_ceiling_holds_for_this_run_and_is_measured_again_by_the_next(
    asked, tmp_path, cache, monkeypatch
):
    def busy(job):
        payload = ceiling(job)
        payload["ceiling"]["foreign_cpu"] = 0.6
        return payload

    script = Script(monkeypatch, timing=launch(), work=COUNTED, ceiling=busy)
    go(asked, tmp_path, cache)
    assert len(script.ran("ceiling")) == 1
    quiet = Script(monkeypatch, timing=launch(), work=COUNTED, ceiling=ceiling)
    go(asked, tmp_path, cache)
    go(asked, tmp_path, cache)
    assert len(quiet.ran("ceiling")) == 1
    (one,) = read_run(tmp_path / "run").ceilings()
    assert (one.foreign_cpu or 0) < 0.1


def checks(**fields):
    """Report of checks whose second image has these numbers."""
    found = {"name": "second image", "outcome": "ran", "asked": "1 x 3 x 32 x 64", **fields}
    return {"checks": {"checks": [found]}}


def checking(tmp_path, **protocol):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    asked = small.QUICK.model_copy(update=protocol)
    return small.suite(small.block(of, data, protocol=asked))


def test_a_check_that_fails_makes_the_row_wrong_and_asks_for_its_stages(
    tmp_path, cache, monkeypatch
):
    script = Script(monkeypatch, checks=checks(equal=1, total=2))
    (row,), _ = go(checking(tmp_path, checks=True), tmp_path, cache)
    assert row.status == "wrong"
    assert row.reason.startswith("second image (1 x 3 x 32 x 64): only 50.0 % of labels equal")
    assert row.get("stages").absent == "the model is an ONNX file: it has no modules"
    again, _ = go(checking(tmp_path, checks=True), tmp_path, cache)
    assert again == [row]
    assert [j.step for j in script.jobs] == ["checks"]


def test_a_check_that_passes_leaves_the_row_as_it_is(tmp_path, cache, monkeypatch):
    Script(monkeypatch, checks=checks(equal=2, total=2))
    (row,), _ = go(checking(tmp_path, checks=True), tmp_path, cache)
    assert (row.status, row.get("checks").checks[0].equal, row.get("stages")) == ("ok", 2, None)


def test_checks_that_crash_cost_no_row(tmp_path, cache, monkeypatch):
    Script(monkeypatch, checks=Failure(step="x", type="SIGSEGV", message="It crashed."))
    (row,), _ = go(checking(tmp_path, checks=True), tmp_path, cache)
    assert (row.status, row.get("checks").absent) == ("ok", "It crashed.")
    assert row.notes == ("Checking the artifact failed: It crashed.",)
