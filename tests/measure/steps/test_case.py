import pytest

from bench.jobs.measure import CaseJob
from bench.measure.steps import case as step
from bench.record.memory import KINDS
from bench.record.result import Result
from tests import small


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Suite of one case whose artifact and pictures are there."""
    home = tmp_path_factory.mktemp("case")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    return small.suite(small.block(of, small.folder(small.pictures(home / "pictures"))))


def job(asked, tmp_path, cache, **protocol) -> CaseJob:
    """Job of the suite's case, its session ready to be opened."""
    found: Result = small.one(asked, tmp_path / "run", cache)
    assert found.status == "ok", found.reason
    update = {"protocol": found.case.protocol.model_copy(update=protocol)}
    return CaseJob(
        case=found.case.model_copy(update=update), cache=str(cache), out=str(tmp_path / "out.json"),
        size=small.SIZE, artifact=found.artifact.digest, reference_absent="nobody asked for one",
    )  # fmt: skip


def by_kind(found):
    return {m.kind: m for m in found.measurements}


def test_a_case_is_counted_timed_and_weighed(asked, tmp_path, cache):
    said = []
    found = step.run(job(asked, tmp_path, cache), lambda *words: said.append(words[0]))
    by = by_kind(found)
    assert {"confusion", "timing", "memory", "parity"} <= set(by)
    (launch,) = by["timing"].launches
    assert len(launch.end_to_end_ns) == small.QUICK.iterations
    assert by["timing"].poller is None
    assert set(by["memory"].values) == set(KINDS)
    assert set(found.times) == {"import_s", "load_s", "accuracy_s", "timing_s"}
    assert said.index("accuracy") < said.index("timing")


def test_a_corrupted_case_is_counted_only(asked, tmp_path, cache):
    found = step.run(
        job(asked, tmp_path, cache, corruption="gaussian_noise/1"), lambda *words: None
    )
    assert {"confusion", "parity"} <= set(by_kind(found))
    assert not {"timing", "memory"} & set(by_kind(found))


def test_the_first_case_of_a_run_tells_what_the_readings_cost(asked, tmp_path, cache):
    told = job(asked, tmp_path, cache).model_copy(update={"poller": True})
    timing = by_kind(step.run(told, lambda *words: None))["timing"]
    assert len(timing.poller.on_ns) == small.QUICK.iterations


def test_arrays_and_pictures_lie_beside_the_answer_and_are_named_in_the_report(
    asked, tmp_path, cache
):
    of = job(asked, tmp_path, cache)
    by = by_kind(step.run(of, lambda *words: None))
    there = {p.relative_to(of.beside).as_posix() for p in of.beside.rglob("*") if p.is_file()}
    (panel,) = by["gallery"].panels
    pictures = panel.model_dump(exclude={"image"}).values()
    named = {f"media/{name}" for name in pictures if name}
    assert there == {f"cases/{by['confusion'].arrays.file}", *named}


def test_a_case_opens_its_artifact_once_and_again_only_to_tell_what_ran(
    asked, tmp_path, cache, monkeypatch
):
    import onnxruntime

    told, open_session = [], onnxruntime.InferenceSession

    def counted(path, options, **more):
        told.append(("opened", bool(options.optimized_model_filepath)))
        return open_session(path, options, **more)

    of = job(asked, tmp_path, cache)
    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)
    step.run(of, lambda *words: told.append(words[0]))
    opened = [at for at, what in enumerate(told) if isinstance(what, tuple)]
    assert [told[at] for at in opened] == [("opened", False), ("opened", True)]
    assert opened[1] == len(told) - 1, "after all that is measured"
