import pytest

from bench.jobs.base import Job
from bench.measure.steps import case as step
from bench.record.memory import DEFINITIONS
from bench.record.result import Result
from tests import small


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Suite of one case whose artifact and pictures are there."""
    home = tmp_path_factory.mktemp("case")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    return small.suite(small.block(of, small.folder(small.pictures(home / "pictures"))))


def job(asked, tmp_path, cache, kind="case", **protocol) -> Job:
    """Job of the suite's case, its session ready to be opened."""
    found: Result = small.one(asked, tmp_path / "run", cache)
    assert found.status == "ok", found.reason
    update = {"protocol": found.case.protocol.model_copy(update=protocol)}
    return Job(
        step=kind, case=found.case.model_copy(update=update), cache=str(cache),
        run=str(tmp_path / "again"), out=str(tmp_path / "out.json"), threads=1, size=small.SIZE,
        artifact=str(cache / "artifacts" / found.artifact.digest),
        reference_absent="nobody asked for one",
    )  # fmt: skip


def kinds(payload):
    return [m["kind"] for m in payload["measurements"]]


def test_a_case_is_counted_timed_and_weighed(asked, tmp_path, cache):
    said = []
    payload = step.run(job(asked, tmp_path, cache), lambda *words: said.append(words[0]))
    assert {"confusion", "timing", "memory", "parity"} <= set(kinds(payload))
    by = {m["kind"]: m for m in payload["measurements"]}
    (launch,) = by["timing"]["launches"]
    assert len(launch["end_to_end_ns"]) == small.QUICK.iterations
    assert by["timing"]["poller"] is None
    assert set(by["memory"]["values"]) == set(DEFINITIONS)
    assert set(payload["times"]) == {"import_s", "load_s", "accuracy_s", "timing_s"}
    assert said.index("accuracy") < said.index("timing")


def test_a_corrupted_case_is_counted_only(asked, tmp_path, cache):
    payload = step.run(
        job(asked, tmp_path, cache, corruption="gaussian_noise/1"), lambda *words: None
    )
    assert {"confusion", "parity"} <= set(kinds(payload))
    assert not {"timing", "memory"} & set(kinds(payload))


def test_the_first_case_of_a_run_tells_what_the_readings_cost(asked, tmp_path, cache):
    told = job(asked, tmp_path, cache).model_copy(update={"poller": True})
    by = {m["kind"]: m for m in step.run(told, lambda *words: None)["measurements"]}
    assert len(by["timing"]["poller"]["on_ns"]) == small.QUICK.iterations
