import errno
import os

import numpy as np
import pytest

from bench.metrics.rows import rows
from bench.plan import results, schedule
from bench.record.store import read_run
from bench.suite.dataset import Dataset
from bench.suite.variant import Step
from tests import small
from tests.plan.scripted import Script, launch


@pytest.fixture
def of(tmp_path):
    return small.model(small.conv_graph(tmp_path / "conv.onnx"))


@pytest.fixture
def data(tmp_path):
    return small.folder(small.pictures(tmp_path / "pictures"))


def by_model(found):
    return {r.case.model.name: r for r in found.values()}


def by_variant(found):
    return {r.case.variant.slug: r for r in found.values()}


def test_a_step_that_failed_is_not_tried_again_for_the_next_case(of, tmp_path, cache):
    path = tmp_path / "torn.onnx"
    path.write_bytes((tmp_path / "conv.onnx").read_bytes()[:50])
    data = small.folder(small.pictures(tmp_path / "pictures"))
    watch = small.Quiet()
    torn = small.model(path, "torn")
    asked = small.suite(small.block(torn, data, small.ORT, small.DYNAMIC), small.block(of, data))
    found = list(small.run(asked, tmp_path / "run", cache, watch).values())
    assert [r.status for r in found] == ["failed", "failed", "ok"]
    for r in found[:2]:
        assert "making the artifact failed" in r.reason
        assert "torn.onnx isn't an ONNX file" in r.reason
    # Threads, clock, flags and versions belong to every record, not to the good ones alone.
    assert all(r.environment and r.environment.threads == 1 for r in found)
    tried = [what for name, what in watch.steps if name.startswith("torn") and "onnx" in what]
    assert tried == ["making onnx"]


def test_an_artifact_that_cannot_be_made_fails_only_its_own_case(of, data, tmp_path, cache):
    bad = (Step(name="onnx"), Step(name="ort-int8-dynamic", options={"operators": 7}))
    broken = small.DYNAMIC.model_copy(update={"steps": bad})
    asked = small.suite(small.block(of, data, small.ORT, broken))
    found = by_variant(small.run(asked, tmp_path / "run", cache))
    assert found[small.ORT.slug].status == "ok"
    failed = found[small.DYNAMIC.slug]
    assert failed.status == "failed"
    assert failed.reason.startswith("making the artifact failed: operators = 7 can't be")
    assert (failed.failure.step, failed.failure.type) == ("artifact", "BadInput")


def test_a_failing_reference_makes_parity_none_with_its_reason(of, data, tmp_path, cache):
    bad = small.INT8.model_copy(update={"calibration": None})
    asked = small.suite(small.block(of, data), reference=bad)
    result = small.one(asked, tmp_path / "run", cache)
    assert result.status == "ok"
    assert "names no [calibration]" in result.get("parity").absent
    (row,) = rows(read_run(tmp_path / "run"))
    assert row.metrics["agreement"].value is None
    assert "names no [calibration]" in row.metrics["agreement"].reason
    assert row.metrics["miou"].value is not None


def test_a_reference_that_cannot_run_here_says_so(of, data, tmp_path, cache):
    result = small.one(
        small.suite(small.block(of, data), reference=small.TORCH), tmp_path / "run", cache
    )
    assert result.status == "ok"
    assert "doesn't run here: conv is an ONNX file" in result.get("parity").absent


def test_a_half_missing_cityscapes_copy_leaves_the_others_alone(of, data, tmp_path, cache):
    half = tmp_path / "cityscapes"
    (half / "leftImg8bit" / "val" / "lindau").mkdir(parents=True)
    (half / "leftImg8bit" / "val" / "lindau" / "lindau_000000_000019_leftImg8bit.png").touch()
    city = Dataset(
        name="cityscapes", loader="cityscapes", root=str(half), class_map={"dark": "road"}
    )
    asked = small.suite(small.block(of, city), small.block(of, data))
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert (first.status, second.status) == ("failed", "ok")
    assert first.reason.startswith("preparing the data set failed: ")
    assert "gtFine" in first.reason


def test_a_corrupt_image_fails_its_own_data_set(of, data, tmp_path, cache):
    torn = small.folder(small.pictures(tmp_path / "torn"), "torn")
    picture = tmp_path / "torn" / "images" / "p2.png"
    picture.write_bytes(picture.read_bytes()[:400])
    asked = small.suite(small.block(of, torn), small.block(of, data))
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert (first.status, second.status) == ("failed", "ok")
    assert str(picture) in first.reason
    assert first.failure.type == "DatasetError"


def test_out_of_memory_is_a_row(of, data, tmp_path, cache):
    small.conv_graph(tmp_path / "huge.onnx", huge=50_000)
    tight = small.CPU.model_copy(update={"name": "tight", "memory_limit_gb": 0.75})
    huge = small.model(tmp_path / "huge.onnx", "huge")
    asked = small.suite(
        small.block(huge, data, targets=(tight,)), small.block(of, data, targets=(tight,)),
        reference=small.TORCH,
    )  # fmt: skip
    found = by_model(small.run(asked, tmp_path / "run", cache))
    assert found["huge"].status == "failed"
    assert found["huge"].failure.type == "out of memory"
    assert found["huge"].reason.startswith("It ran out of memory: ")
    assert found["conv"].status == "ok"


def test_a_runtime_that_does_not_fit_into_the_limit_is_out_of_memory(of, data, tmp_path, cache):
    tight = small.CPU.model_copy(update={"name": "tight", "memory_limit_gb": 0.008})
    asked = small.suite(small.block(of, data, targets=(tight,)), reference=small.TORCH)
    result = small.one(asked, tmp_path / "run", cache)
    assert result.status == "failed"
    assert result.failure.type in {"out of memory", "OSError"}, result.failure


def test_seeded_weights_have_no_accuracy(of, data, tmp_path, cache):
    """An untrained ONNX file stands for any: what counts is `trained`."""
    seeded = of.model_copy(update={"source": "seeded", "seed": 3})
    asked = small.suite(small.block(seeded, data))
    result = small.one(asked, tmp_path / "run", cache)
    assert result.status == "ok"
    assert not result.get("gallery")
    (row,) = rows(read_run(tmp_path / "run"))
    assert row.metrics["miou"].value is None
    assert "seeded" in row.metrics["miou"].reason
    assert row.metrics["latency_p50_ms"].value > 0
    assert row.metrics["agreement"]


def test_the_model_is_measured_for_what_it_is(of, data, tmp_path, cache):
    """Accuracy counts of a run equal those of its labels computed apart."""
    import cv2

    from bench.tasks.confusion import from_sparse

    result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
    run = read_run(tmp_path / "run")
    counts = from_sparse(run.arrays(result.get("confusion").arrays), 3, 4)
    for i in range(3):
        image = cv2.imread(str(tmp_path / "pictures" / "images" / f"p{i}.png"))[..., ::-1]
        truth = cv2.imread(str(tmp_path / "pictures" / "masks" / f"p{i}.png"), -1)
        scores = np.einsum("kc,hwc->khw", small.WEIGHTS, image / 255) + small.BIAS[:, None, None]
        labels = scores.argmax(0)
        want = np.zeros((5, 5), int)
        np.add.at(want, (np.minimum(truth, 4).ravel(), labels.ravel()), 1)
        np.testing.assert_array_equal(counts[i], want)


def test_a_surprise_in_the_parent_costs_one_case(of, data, tmp_path, cache, monkeypatch):
    real = results.measured

    def measured(made, *rest):
        if made.case.variant.slug == small.DYNAMIC.slug:
            raise RuntimeError("nobody expected this")
        return real(made, *rest)

    monkeypatch.setattr(results, "measured", measured)
    asked = small.suite(small.block(of, data, small.DYNAMIC, small.ORT))
    found = by_variant(small.run(asked, tmp_path / "run", cache))
    assert found[small.ORT.slug].status == "ok"
    surprised = found[small.DYNAMIC.slug]
    assert surprised.reason == "nobody expected this"
    assert any("in measured" in line for line in surprised.failure.stderr_tail)


def test_fingerprints_hold_the_size_and_threads_that_were_used(of, tmp_path, cache):
    whole = small.folder(small.pictures(tmp_path / "pictures"))
    first = small.one(small.suite(small.block(of, whole)), tmp_path / "run", cache)
    size = small.SIZE
    stated = small.QUICK.model_copy(update={"height": size[0], "width": size[1]})
    second = small.one(
        small.suite(small.block(of, whole, protocol=stated)), tmp_path / "other", cache
    )
    assert first.accuracy_fingerprint == second.accuracy_fingerprint
    assert first.timing_fingerprint == second.timing_fingerprint


def test_the_first_measured_case_alone_tells_what_the_readings_cost(of, data, tmp_path, cache):
    asked = small.suite(small.block(of, data, small.ORT, small.DYNAMIC))
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert first.get("timing").poller is not None
    assert second.get("timing").poller is None


def test_a_corrupted_case_has_one_launch_and_no_latency(of, data, tmp_path, cache):
    noisy = small.QUICK.model_copy(update={"corruption": "fog/3", "launches": 3})
    watch = small.Quiet()
    result = small.one(
        small.suite(small.block(of, data, protocol=noisy)), tmp_path / "run", cache, watch
    )
    assert result.status == "ok"
    assert result.get("timing") is None
    assert result.get("confusion") is not None
    assert not any("launch" in what for _, what in watch.steps)
    assert watch.to_come[0][1] == {"case": 1}


def test_what_is_left_is_counted_once_a_case_not_at_every_step(
    of, data, tmp_path, cache, monkeypatch
):
    counted = []
    real = schedule.analyses.Analyses.wanted

    def wanted(analyses, case, row=None):
        counted.append(case.id)
        return real(analyses, case, row)

    monkeypatch.setattr(schedule.analyses.Analyses, "wanted", wanted)
    gone = small.CPU.model_copy(
        update={"requires": small.CPU.requires.model_copy(update={"processor": "Abacus"})}
    )
    block = small.block(of, data, targets=(gone,))
    many = [block.model_copy(update={"axis": f"a{i}"}) for i in range(40)]
    watch = small.Quiet()
    small.run(small.suite(*many), tmp_path / "run", cache, watch)
    assert [steps for _, steps in watch.to_come[:3]] == [{"case": n} for n in (40, 39, 38)]
    # At the start, after its row, and for the order of the analyses.
    assert len(counted) == 3 * 40


def test_a_later_launch_that_the_disk_refuses_leaves_the_row_as_it_was(
    of, data, tmp_path, cache, monkeypatch
):
    real = schedule.write_result

    def full(run, result, *, more=False):
        if more:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(run, result, more=more)

    monkeypatch.setattr(schedule, "write_result", full)
    Script(monkeypatch, timing=launch())
    twice = small.QUICK.model_copy(update={"launches": 2})
    result = small.one(small.suite(small.block(of, data, protocol=twice)), tmp_path / "run", cache)
    assert (result.status, len(result.get("timing").launches)) == ("ok", 1)
    assert result.notes == ("A further measurement can't be stored: No space left on device.",)
    (stored,) = read_run(tmp_path / "run").results
    assert len(stored.get("timing").launches) == 1
