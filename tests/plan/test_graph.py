from pathlib import Path

import pytest

from bench.execute.base import Outcome
from bench.execute.local import LocalExecutor
from bench.jobs.measure import FitsJob, PairJob
from bench.jobs.prepare import ArtifactJob, DatasetReport
from bench.plan import tries
from bench.plan.graph import Graph, sized
from bench.plan.setting import Setting, StepFailed
from bench.plan.walk import Walk
from bench.record.result import Failure
from bench.suite.model import Model
from tests import builders, small

WHOLE = small.QUICK.model_copy(update={"launches": 2, "fits_gb": (0.001,)})
DEAD = Outcome(failure=Failure(step="artifact", type="SIGKILL", message="It died."))


def data(size):
    return DatasetReport(digest="d", images=1, size=size, calibration={})


@pytest.fixture
def case(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    asked = small.suite(small.block(of, small.folder(small.pictures(tmp_path / "pictures"))))
    (one,) = asked.expand()
    return one


def graph(tmp_path, cache, watch=None) -> Graph:
    walk = Walk(Setting(run=tmp_path / "run", cache=cache), watch or small.Quiet())
    return tries.graph(walk, walk.can.places[0])


def made(of, case):
    return of.walk.result(of.ready(case))


def test_a_prepared_case_is_a_job_that_a_session_can_be_opened_with(case, tmp_path):
    watch = small.Quiet()
    of = graph(tmp_path, tmp_path / "cache", watch)
    job = of.session(PairJob, made(of, case))
    assert (job.step, job.size, job.threads) == ("pair", small.SIZE, 1)
    assert job.case.weights_digest
    at_work = job.model_copy(update={"cache": str(tmp_path / "cache")})
    assert list(at_work.folder.glob("*.onnx"))
    assert [what for _, what in watch.steps] == [
        "finding weights", "preparing data set blocks", "making onnx",
    ]  # fmt: skip


def test_a_job_names_no_folder_of_the_machine_that_planned_it(case, tmp_path, cache, monkeypatch):
    """Beyond the two that look for what the suite names."""
    sent = []
    real = LocalExecutor.work

    def work(executor, job, *rest):
        sent.append(job)
        return real(executor, job, *rest)

    monkeypatch.setattr(LocalExecutor, "work", work)
    asked = small.suite(
        small.block(case.model, case.dataset, small.ORT, protocol=WHOLE),
        small.block(case.model, case.dataset, small.INT8),
    )
    (tmp_path / "pictures" / "val").mkdir()
    for seed, split in enumerate(("train", "val")):
        small.pictures(tmp_path / "pictures", split=split, seed=seed)
    rows = small.run(asked, tmp_path / "run", tmp_path / "cache").values()
    assert [r.status for r in rows] == ["ok", "ok"]
    steps = [job.step for job in sent]
    assert set(steps) == {"weights", "dataset", "artifact", "reference", "case", "timing", "fits"}
    for job in sent:
        if job.step in {"weights", "dataset"}:
            assert str(tmp_path) in job.model_dump_json()
        else:
            assert str(tmp_path) not in job.model_dump_json(), job.step


def test_what_was_made_is_found_again(case, tmp_path, cache):
    watch = small.Quiet()
    of = graph(tmp_path, cache, watch)
    first = made(of, case)
    asked = len(watch.steps)
    assert made(of, case) == first
    assert len(watch.steps) == asked
    assert first.record.files


def test_a_step_that_fails_says_which(case, tmp_path, cache):
    Path(case.model.location).write_bytes(b"no graph")
    with pytest.raises(StepFailed, match=r"isn't an ONNX file") as e:
        made(graph(tmp_path, cache), case)
    assert e.value.failure.step == "artifact"


def test_the_targets_limit_of_memory_goes_with_the_session(case, tmp_path, cache):
    tight = case.model_copy(
        update={"target": small.CPU.model_copy(update={"memory_limit_gb": 2.0})}
    )
    of = graph(tmp_path, cache)
    job = of.session(PairJob, made(of, tight))
    assert job.memory_limit_bytes == 2 * 10**9
    assert not job.guarded


def test_processes_that_try_sizes_are_guarded_their_exports_too(case, tmp_path, cache, monkeypatch):
    of = graph(tmp_path, cache)
    prepared, sent = made(of, case), []
    with tries._search(of, prepared) as search:
        assert search.job.guarded
        monkeypatch.setattr(
            LocalExecutor, "work", lambda executor, job, *rest: sent.append(job) or DEAD
        )
        with pytest.raises(StepFailed, match="It died"):
            search.export(3, 96, 192)
    assert [type(job) for job in sent] == [ArtifactJob]
    assert sent[0].guarded
    assert isinstance(search.job, FitsJob)


@pytest.mark.parametrize(
    ("protocol", "image", "size"),
    [
        ({}, (256, 512), (256, 512)),
        ({}, (250, 500), (256, 512)),
        ({"height": 100}, (256, 512), (128, 512)),
    ],
)
def test_sides_are_rounded_up_to_the_models_multiple(protocol, image, size):
    case = builders.case(protocol=builders.protocol(**protocol))
    assert sized(case, data(image)).size == size


def test_an_onnx_file_has_a_size_of_its_own():
    case = builders.case(model=small.model("x.onnx"), protocol=builders.protocol(height=999))
    assert sized(case, data((1, 1))).size == small.SIZE


def test_cases_that_need_the_same_share_its_step(case, tmp_path, cache):
    of = graph(tmp_path, cache)
    case = of.walk.result(of.identified(case))
    dynamic = case.model_copy(update={"variant": small.DYNAMIC})
    other = case.model_copy(update={"dataset": case.dataset.model_copy(update={"split": "x"})})
    first, second, third = (of.prepared(c) for c in (case, dynamic, other))
    data = next(first)
    assert next(second).key == data.key
    assert next(third).key != data.key
    found = of.walk.result(one(data))
    (onnx,), (same, last) = first.send(found), second.send(found)
    assert onnx.key == same.key
    assert last.needs == (same,)


def test_a_task_that_the_model_cannot_do_is_skipped_before_anything_is_made(case, tmp_path, cache):
    config = {"model_type": "segformer"}
    model = Model(name="one", source="seeded", location="", seed=0, config=config)
    case = case.model_copy(update={"model": model}).asking(task="panoptic")
    of = graph(tmp_path, cache)
    with pytest.raises(
        StepFailed, match=r"'one' can't do the task 'panoptic'; it does semantic"
    ) as e:
        of.walk.result(of.identified(case))
    assert e.value.skipped


def one(node):
    return (yield node)
