import json

import pytest

from bench.jobs.base import Job
from bench.measure.steps import timing
from bench.record.timing import PHASES, Launch
from tests import small


@pytest.fixture
def job(tmp_path, cache):
    """A measured case's session, to be opened once more."""
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    asked = small.suite(small.block(of, small.folder(small.pictures(tmp_path / "pictures"))))
    found = small.one(asked, tmp_path / "run", cache)
    assert found.status == "ok", found.reason
    return Job(
        step="timing", case=found.case, cache=str(cache), run=str(tmp_path / "run"),
        out=str(tmp_path / "out.json"), threads=1, size=small.SIZE,
        artifact=str(cache / "artifacts" / found.artifact.digest),
    )  # fmt: skip


def test_a_later_launch_is_timed_without_accuracy(job):
    said = []
    payload = timing.run(job, lambda *words: said.append(words[0]))
    launch = Launch.model_validate_json(json.dumps(payload["launch"]))
    assert len(launch.end_to_end_ns) == small.QUICK.iterations
    assert len(launch.warmup_ns) == small.QUICK.warmup
    assert set(launch.phases_ns) == set(PHASES)
    assert payload["effective"]["provider"] == "CPUExecutionProvider"
    assert set(payload["times"]) == {"import_s", "load_s", "timing_s"}
    assert said == ["load", "timing"]


def test_the_phases_of_a_real_session_add_up(job):
    protocol = job.case.protocol.model_copy(update={"iterations": 30})
    job = job.model_copy(update={"case": job.case.model_copy(update={"protocol": protocol})})
    launch = timing.run(job, lambda *words: None)["launch"]
    total = [sum(phases) for phases in zip(*launch["phases_ns"].values(), strict=True)]
    # Even where a call takes a millisecond: the clock's own readings are all that lies between.
    assert sum(total) <= sum(launch["end_to_end_ns"])
    assert sum(total) > 0.97 * sum(launch["end_to_end_ns"])
