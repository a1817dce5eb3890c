from pathlib import Path

import pytest

from bench.plan import prepare
from bench.plan.setting import Setting, StepFailed
from tests import small


@pytest.fixture
def case(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    asked = small.suite(small.block(of, small.folder(small.pictures(tmp_path / "pictures"))))
    (one,) = asked.expand()
    return one


def test_a_ready_case_is_a_job_that_a_session_can_be_opened_with(case, tmp_path):
    watch = small.Quiet()
    job = prepare.ready(Setting(run=tmp_path / "run", cache=tmp_path / "cache"), watch, case)
    assert (job.step, job.size, job.threads) == ("pair", small.SIZE, 1)
    assert job.case.weights_digest
    assert list(Path(job.artifact).glob("*.onnx"))
    assert [what for _, what in watch.steps] == [
        "finding weights", "preparing data set blocks", "making onnx",
    ]  # fmt: skip


def test_what_was_made_is_found_again(case, tmp_path, cache):
    watch = small.Quiet()
    made = prepare.Preparer(Setting(run=tmp_path / "run", cache=cache), watch)
    first = made.prepared(case)
    asked = len(watch.steps)
    assert made.prepared(case) == first
    assert len(watch.steps) == asked
    assert first.record.files


def test_a_step_that_fails_says_which(case, tmp_path, cache):
    Path(case.model.location).write_bytes(b"no graph")
    with pytest.raises(StepFailed, match=r"isn't an ONNX file") as e:
        prepare.ready(Setting(run=tmp_path / "run", cache=cache), small.Quiet(), case)
    assert e.value.failure.step == "artifact"


def test_the_targets_limit_of_memory_goes_with_the_session(case, tmp_path, cache):
    tight = case.model_copy(
        update={"target": small.CPU.model_copy(update={"memory_limit_gb": 2.0})}
    )
    job = prepare.ready(Setting(run=tmp_path / "run", cache=cache), small.Quiet(), tight)
    assert job.memory_limit_bytes == 2 * 2**30
    assert not job.guarded


def test_processes_that_try_sizes_are_guarded_their_exports_too(case, tmp_path, cache):
    made = prepare.Preparer(Setting(run=tmp_path / "run", cache=cache), small.Quiet())
    apart = made.apart()
    assert apart.session("fits", made.prepared(case)).guarded
    assert apart.job("artifact", case).guarded
