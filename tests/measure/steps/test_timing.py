import pytest

from bench.jobs.measure import TimingJob
from bench.measure.steps import timing
from bench.record.timing import PHASES
from tests import small


@pytest.fixture
def job(tmp_path, cache):
    """A measured case's session, to be opened once more."""
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    asked = small.suite(small.block(of, small.folder(small.pictures(tmp_path / "pictures"))))
    found = small.one(asked, tmp_path / "run", cache)
    assert found.status == "ok", found.reason
    return TimingJob(
        case=found.case, cache=str(cache), size=small.SIZE, artifact=found.artifact.digest, launch=2
    )


def test_a_later_launch_is_timed_without_accuracy(job):
    said = []
    found = timing.run(job, lambda *words: said.append(words[0]))
    launch = found.launch
    assert launch.number == 2
    assert len(launch.end_to_end_ns) == small.QUICK.iterations
    assert len(launch.warmup_ns) == small.QUICK.warmup
    assert set(launch.phases_ns) == set(PHASES)
    assert found.effective["provider"] == "CPUExecutionProvider"
    assert set(found.times) == {"import_s", "load_s", "timing_s"}
    assert said == ["load", "timing"]


def test_the_phases_of_a_real_session_add_up(job):
    protocol = job.case.protocol.model_copy(update={"iterations": 30})
    job = job.model_copy(update={"case": job.case.model_copy(update={"protocol": protocol})})
    launch = timing.run(job, lambda *words: None).launch
    total = [sum(phases) for phases in zip(*launch.phases_ns.values(), strict=True)]
    # Even where a call takes a millisecond: the clock's own readings are all that lies between.
    assert sum(total) <= sum(launch.end_to_end_ns)
    assert sum(total) > 0.97 * sum(launch.end_to_end_ns)
