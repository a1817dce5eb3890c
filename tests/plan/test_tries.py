import shutil

import pytest

from bench.execute import probe
from bench.execute.local import LocalExecutor
from bench.plan import largest, schedule, tries
from bench.record.store import read_run
from bench.suite.protocol import LARGEST
from tests import small


@pytest.fixture
def offline(tmp_path):
    """Suite of one case whose batch is sought; its ONNX file takes any."""
    of = small.model(small.conv_graph(tmp_path / "conv.onnx", batch="n"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    update = {"scenario": "offline", "batch_size": LARGEST, "launches": 2}
    return small.suite(small.block(of, data, protocol=small.QUICK.model_copy(update=update)))


def test_offline_runs_the_largest_batch_that_fits(offline, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(largest, "MOST_IMAGES", 3)
    row = small.one(offline, tmp_path / "run", cache)
    assert row.status == "ok", row.reason
    timing = row.get("timing")
    assert (timing.batch_size, len(timing.launches)) == (3, 2)
    # The row stands for what was asked; what was used is in its fingerprint.
    assert row.case.protocol.batch_size == LARGEST
    asked = row.case.protocol.model_copy(
        update=dict(zip(("height", "width"), small.SIZE, strict=True))
    )
    used = asked.model_copy(update={"batch_size": 3})
    threads = row.environment.threads
    assert row.timing_fingerprint == used.timing_fingerprint(threads)
    assert row.timing_fingerprint != asked.timing_fingerprint(threads)
    # Accuracy is that of single images, batch or not.
    single = small.suite(offline.blocks[0].model_copy(update={"protocol": small.QUICK}))
    same = small.one(single, tmp_path / "single", cache)
    assert row.accuracy_fingerprint == same.accuracy_fingerprint
    assert row.get("parity").equal == same.get("parity").equal

    monkeypatch.setattr(largest, "largest", None)  # nothing is sought a second time
    watch = small.Quiet()
    assert small.one(offline, tmp_path / "run", cache, watch) == row
    assert [stood for *_, stood in watch.done] == [True]
    again = small.one(offline, tmp_path / "another", cache)
    assert again.get("timing").batch_size == 3
    assert len(read_run(tmp_path / "another").results) == 1


def test_where_not_one_image_fits_the_row_says_so(offline, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    real = probe.answer

    def small_one(job):
        found = real(job)
        return found.model_copy(update={"device_bytes": {"cpu": 2**20}})

    monkeypatch.setattr(probe, "answer", small_one)
    row = small.one(offline, tmp_path / "run", cache)
    assert row.status == "failed"
    assert row.reason == (
        "seeking the largest batch failed: Not even one image fits into the memory that the machine "
        "has."
    )
    monkeypatch.undo()
    monkeypatch.setattr(largest, "MOST_IMAGES", 2)
    assert small.one(offline, tmp_path / "run", cache).get("timing").batch_size == 2


def test_what_is_no_matter_of_memory_keeps_its_own_reason(tmp_path, cache):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx", batch=4))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    update = {"scenario": "offline", "batch_size": LARGEST}
    asked = small.suite(small.block(of, data, protocol=small.QUICK.model_copy(update=update)))
    row = small.one(asked, tmp_path / "run", cache)
    assert row.status == "failed"
    assert "memory" not in row.reason
    assert "batch" in row.reason


def test_a_later_launch_takes_the_rows_batch_and_seeks_none(offline, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(largest, "MOST_IMAGES", 2)
    real = schedule.launches.added

    def added(row, found):
        shutil.rmtree(tmp_path / "cache" / "batches", ignore_errors=True)  # somebody emptied it
        return real(row, found)

    monkeypatch.setattr(schedule.launches, "added", added)
    three = offline.blocks[0].protocol.model_copy(update={"launches": 3})
    asked = small.suite(offline.blocks[0].model_copy(update={"protocol": three}))
    row = small.one(asked, tmp_path / "run", tmp_path / "cache")
    assert (row.get("timing").batch_size, len(row.get("timing").launches)) == (2, 3)
    assert not (tmp_path / "cache" / "batches").exists()


def test_a_target_with_a_limit_gives_its_tries_less_than_the_row(
    offline, tmp_path, cache, monkeypatch
):
    """Its limit is on the address space, which the row's own process fills further."""
    seen = []
    real = LocalExecutor.work

    def work(executor, job, *rest):
        seen.append((job.step, job.memory_limit_bytes))
        return real(executor, job, *rest)

    monkeypatch.setattr(LocalExecutor, "work", work)
    monkeypatch.setattr(largest, "MOST_IMAGES", 2)
    target = small.CPU.model_copy(update={"memory_limit_gb": 4.0})
    asked = small.suite(offline.blocks[0].model_copy(update={"targets": (target,)}))
    row = small.one(asked, tmp_path / "run", cache)
    assert row.status == "ok", row.reason
    limits = dict(seen)
    assert limits["case"] == limits["timing"] == 4 * 10**9
    assert limits["fits"] == int(tries.ROOM * 4 * 10**9)
