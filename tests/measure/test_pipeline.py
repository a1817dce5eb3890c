import os
import signal
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.devices.cpu import CpuDevice
from bench.errors import DatasetError
from bench.jobs.measure import CaseJob
from bench.measure import accuracy, pipeline
from bench.measure.pipeline import Pipeline
from bench.measure.session import LoadedCase, open_setup
from tests import small

SAY = lambda *words: None  # noqa: E731


class Brightest:
    """Session whose logits are the input's planes, and those of darkness."""

    def copy_in(self, x):
        return x

    def forward(self, x):
        return np.concatenate([np.full_like(x[:, :1], 0.4), x], axis=1)

    def copy_out(self, raw):
        return {"logits": raw}


def loaded(tmp_path, images=7, **protocol):
    home = tmp_path / "pictures"
    small.pictures(home, count=images)
    block = small.block(
        small.model(tmp_path / "conv.onnx"),
        small.folder(home),
        protocol=small.QUICK.model_copy(update=protocol),
    )
    (case,) = small.suite(block).expand()
    job = CaseJob(case=case, cache=str(tmp_path), size=small.SIZE)
    return LoadedCase(**vars(open_setup(job)), session=Brightest(), device=CpuDevice())


def walked(loaded, workers, monkeypatch):
    monkeypatch.setattr(pipeline, "useful", lambda loaded: workers)
    return accuracy.walk(loaded, SAY, None)


def counts(found):
    return [c.tally["counts"] for c in found.counted]


def settle(line):
    """Wait until every process said hello, so that a test's images go to them."""
    limit = time.monotonic() + 30
    while any(not h.room for h in line._workers):
        for worker in line._workers:
            worker.listen()
        assert time.monotonic() < limit


@pytest.mark.parametrize(("workers", "batch"), [(1, 1), (2, 1), (1, 3), (2, 2)])
def test_processes_count_what_a_plain_loop_counts(tmp_path, monkeypatch, workers, batch):
    plain = walked(loaded(tmp_path, batch_size=batch), 0, monkeypatch)
    monkeypatch.setattr(Pipeline, "__enter__", ready(Pipeline.__enter__))
    beside = walked(loaded(tmp_path, batch_size=batch), workers, monkeypatch)
    np.testing.assert_array_equal(counts(plain), counts(beside))
    shown = [[c.picture for c in found.counted if c.picture] for found in (plain, beside)]
    assert [p[0] for p in shown[0]] == [p[0] for p in shown[1]]
    for one, two in zip(shown[0][0][1:], shown[1][0][1:], strict=True):
        np.testing.assert_array_equal(one, two)
    assert plain.indices == beside.indices == list(range(7))


def ready(enter):
    def wait(line):
        enter(line)
        settle(line)
        return line

    return wait


def test_images_go_to_processes_once_they_are_there(tmp_path):
    setup = loaded(tmp_path)
    with Pipeline(setup, accuracy.counting, None, 1) as line:
        settle(line)
        (first, *_) = line._workers
        for indices, x in line.batches():
            assert indices[0] in line._owner
            line.give(indices, setup.infer(x)[0])
        assert len(list(line.results())) == 7
    assert first._process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_a_killed_process_leaves_is_done_here(tmp_path, monkeypatch, after):
    plain = walked(loaded(tmp_path), 0, monkeypatch)
    setup = loaded(tmp_path)
    with Pipeline(setup, accuracy.counting, None, 1) as line:
        settle(line)
        for indices, x in line.batches():
            if indices[0] == after:
                os.kill(line._workers[0]._process.pid, signal.SIGKILL)
            line.give(indices, setup.infer(x)[0])
        found = [r.tally["counts"] for r in line.results()]
    np.testing.assert_array_equal(found, counts(plain))


def test_an_error_beside_the_model_is_the_walks(tmp_path, monkeypatch):
    setup = loaded(tmp_path)
    setup.images.pairs[4][0].write_bytes(b"torn")
    monkeypatch.setattr(Pipeline, "__enter__", ready(Pipeline.__enter__))
    with pytest.raises(DatasetError, match="is corrupt"):
        walked(setup, 1, monkeypatch)


def names(folder):
    return {p.name for p in Path(folder).iterdir()} if Path(folder).is_dir() else set()


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    before = names("/dev/shm")
    files = len(names("/proc/self/fd"))
    monkeypatch.setattr(Pipeline, "__enter__", ready(Pipeline.__enter__))
    walked(loaded(tmp_path, accuracy_limit_s=1e-9), 2, monkeypatch)
    assert len(names("/proc/self/fd")) <= files
    assert names("/dev/shm") <= before


def test_processes_pay_off_on_free_cores_and_large_sets_only(tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline.machine, "cores", lambda: 4)
    few = loaded(tmp_path)
    assert pipeline.useful(few) == 0
    few.count, few.size = 50, (1024, 2048)
    assert pipeline.useful(few) == 3
    few.job = few.job.model_copy(update={"threads": 4})
    assert pipeline.useful(few) == 0
    few.job = few.job.model_copy(update={"threads": 1, "memory_limit_bytes": 2**30})
    assert pipeline.useful(few) == 0


@pytest.mark.parametrize("batch", [1, 3])
def test_windows_of_an_image_are_computed_together(batch, tmp_path, monkeypatch):
    """Overlapping windows, a batch at a time: the labels are those of one pass over the image."""
    plain = loaded(tmp_path, images=3)
    height, width = plain.size
    asked = {"geometry": "sliding", "height": height // 2, "width": width // 2, "flip": True}
    made = loaded(tmp_path, images=3, batch_size=batch, **asked)
    made.size = height // 2, width // 2
    assert len(made.load(0)[1]) > 4
    assert pipeline.useful(made) == 0
    found, want = walked(made, 0, monkeypatch), walked(plain, 0, monkeypatch)
    for one, other in zip(counts(found), counts(want), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_of_unequal_images_is_padded(workers, tmp_path, monkeypatch):
    made = [loaded(tmp_path, images=4, batch_size=b, geometry="pad") for b in (1, 3)]
    for name, (height, width) in (("p1", (19, 40)), ("p2", (32, 21))):
        for kind in ("images", "masks"):
            file = str(tmp_path / "pictures" / kind / f"{name}.png")
            cv2.imwrite(file, cv2.imread(file, cv2.IMREAD_UNCHANGED)[:height, :width])
    alone, together = (counts(walked(one, workers, monkeypatch)) for one in made)
    assert [int(c.sum()) for c in alone] == [32 * 64, 19 * 40, 32 * 21, 32 * 64]
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)
    labelled = alone[1][:-1]
    assert np.trace(labelled) > 0.5 * labelled.sum()
