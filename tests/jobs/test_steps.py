import importlib
import json
from pathlib import Path

import pytest

import bench.measure.steps as workers
from bench import cachedir
from bench.errors import CaseFailed
from bench.jobs.measure import FitsJob, FitsReport, PairJob
from bench.jobs.steps import JOBS, read
from tests import builders, small

STEPS = {p.stem for p in Path(workers.__file__).parent.glob("[!_]*.py")}
FORMER = Path(__file__).parents[1] / "data" / "jobs" / "pair-2026-11-23.json"


@pytest.mark.parametrize("step", JOBS)
def test_every_step_has_a_job_a_report_and_a_worker(step):
    assert set(JOBS) == STEPS
    made = JOBS[step].model_construct()
    assert (made.step, made.model_dump()["step"]) == (step, step)
    assert made.report.__name__ == f"{step.title()}Report"
    assert callable(importlib.import_module(f"bench.measure.steps.{step}").run)


def job(**more):
    return FitsJob(case=builders.case(), size=(4, 4), **more)


def test_a_job_comes_back_as_it_was_sent():
    sent = job(threads=3, artifact="a")
    assert read(json.loads(sent.model_dump_json())) == sent


def test_a_field_that_the_reader_does_not_know_is_dropped():
    said = {**job().model_dump(mode="json"), "odd": 1}
    assert read(said) == job()
    assert FitsReport.model_validate({"peak_bytes": 1, "odd": 1}).peak_bytes == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"step": "fits", "version": 2}, "knows jobs of the step 'fits' up to version 1"),
        ({"step": "dance"}, "has no step 'dance'"),
        ({"case": {"odd": 1}}, "can't read its job: case.model: Field required"),
    ],
)
def test_what_the_reader_cannot_do_is_one_sentence(said, why):
    with pytest.raises(CaseFailed, match=why):
        read({**job().model_dump(mode="json"), **said})


def test_what_a_job_names_by_digest_is_found_in_the_workers_cache(tmp_path):
    case = builders.case(model=small.model(tmp_path / "x.onnx"), weights_digest="w" * 64)
    bare = case.model_copy(update={"model": case.model.model_copy(update={"location": ""})})
    sent = FitsJob(case=bare, size=(4, 4), data="d" * 64, cache=str(tmp_path))
    with pytest.raises(CaseFailed, match="doesn't know where the weights of conv lie"):
        _ = sent.located
    cachedir.remember(tmp_path, "w" * 64, str(tmp_path / "x.onnx"))
    with pytest.raises(CaseFailed, match="where the data set scenes lies"):
        _ = sent.located
    cachedir.remember(tmp_path, "d" * 64, "/images")
    found = sent.located.case
    assert (found.model.location, found.dataset.root) == (str(tmp_path / "x.onnx"), "/images")
    assert found.fingerprint == case.model_copy(update={"dataset": found.dataset}).fingerprint


def test_a_pair_of_the_former_format_is_read():
    """A job of 2026-11-23, when one model served all steps."""
    said = json.loads(FORMER.read_text())
    assert set(said) - set(PairJob.model_fields) == {
        "calibration_splits", "poller", "position", "reference", "reference_absent", "run",
        "step", "target",
    }  # fmt: skip
    found = read(said)
    assert isinstance(found, PairJob)
    assert (found.size, found.threads) == (small.SIZE, 1)
    assert found.case.weights_digest
