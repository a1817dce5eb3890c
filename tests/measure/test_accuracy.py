from types import SimpleNamespace

import numpy as np
import pytest

from bench.measure import accuracy
from bench.measure.parity import measurement, write_reference
from bench.suite.classes import CITYSCAPES
from bench.tasks.confusion import count
from bench.tasks.semantic import SemanticTask
from bench.transforms.geometry import STRETCH
from tests import builders


def fake(images=5, batch=1, **protocol):
    """Loaded case whose model says class 3 times brightness, on 8 x 8 images; it remembers its batches."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 19, (images, 8, 8, 3)).astype(np.uint8)
    truths = rng.integers(0, 19, (images, 8, 8)).astype(np.uint8)
    case = builders.case(protocol=builders.protocol(batch_size=batch, **protocol))
    fed = []

    def forward(x):
        fed.append(x[:, 0, 0, 0].astype(int).tolist())
        return x

    def load(index):
        return pictures[index], pictures[index].transpose(2, 0, 1)[None].astype(np.float32)

    table = np.full(256, 255, np.uint8)
    table[:19] = np.arange(19)
    return SimpleNamespace(
        case=case, size=(8, 8), count=images, load=load, job=None, to_dataset=table, fed=fed, geometry=STRETCH, takes="tensor",
        pictures=pictures, truths=truths, task=SemanticTask(),
        images=SimpleNamespace(
            names=tuple(f"i{i}" for i in range(images)), groups=(),
            truth=lambda i: truths[i], instances=lambda i: None,
        ),
        passes=lambda x: ({"labels": forward(x)[:, 0]}, 9),
        predict=lambda out, shape: out["labels"][0].astype(np.uint8),
    )  # fmt: skip


@pytest.mark.parametrize("batch", [1, 2, 3, 8])
def test_counts_are_those_of_each_image_whatever_the_batch(batch):
    loaded = fake(5, batch)
    found = accuracy.walk(loaded, lambda *words: None, None)
    assert found.indices == list(range(5))
    assert len(found.forward_ns) == 5
    for i in range(5):
        want = count(loaded.truths[i], loaded.pictures[i, ..., 0], len(CITYSCAPES))
        np.testing.assert_array_equal(found.counted[i].tally["counts"], want)
    # Each call is a whole batch; the last is filled up with its own last image.
    assert [len(f) for f in loaded.fed] == [batch] * -(-5 // batch)


def test_progress_and_pictures():
    said = []
    found = accuracy.walk(fake(3, gallery_images=2), lambda *words: said.append(words), None)
    assert said == [("accuracy", i, 3) for i in (1, 2, 3)]
    assert [c.picture and c.picture[0] for c in found.counted] == [0, 1, None]


def test_a_limit_ends_the_walk_and_what_was_seen_counts(monkeypatch):
    now = iter(range(0, 10**12, 10**9))
    monkeypatch.setattr(accuracy, "time", SimpleNamespace(monotonic_ns=lambda: next(now)))
    found = accuracy.walk(fake(9, accuracy_limit_s=2.5), lambda *words: None, None)
    assert found.indices == [0, 1, 2]
    assert len(found.counted) == 3


def test_an_image_that_cannot_be_read_stops_the_walk():
    loaded = fake(5)
    load = loaded.load

    def torn(index):
        if index == 3:
            raise ValueError("it is torn")
        return load(index)

    loaded.load = torn
    with pytest.raises(ValueError, match="torn"):
        accuracy.walk(loaded, lambda *words: None, None)


def test_parity_gets_every_image_in_order(tmp_path):
    loaded = fake(4, 2)
    for i in range(4):
        labels = loaded.pictures[i, ..., 0].copy()
        labels[0, :i] += 1
        write_reference(loaded.task, tmp_path, i, labels, None)
    walked = accuracy.walk(loaded, lambda *words: None, tmp_path)
    compared = [c.compared for c in walked.counted]
    found = measurement("torch-fp32", loaded.images.names, compared)
    assert found.images == ("i0", "i1", "i2", "i3")
    assert found.equal == (64, 63, 62, 61)


def test_what_the_protocol_asks_for_is_counted_beside():
    found = accuracy.walk(fake(2, boundary=True, calibration=True), lambda *words: None, None)
    (one, _) = found.counted
    assert sorted(one.further) == ["boundary", "reliability"]
    assert one.further["reliability"] == {}  # labels have no probabilities
    plain = fake(2, boundary=True, calibration=True)
    logits = np.random.default_rng(0).normal(size=(1, 19, 8, 8)).astype(np.float32)
    plain.passes = lambda x: ({"logits": logits}, 9)
    plain.predict = lambda out, shape: out["logits"][0].argmax(0).astype(np.uint8)
    (one, _) = accuracy.walk(plain, lambda *words: None, None).counted
    assert one.further["reliability"]["pixels"].sum() == 1
    assert one.further["boundary"]["union"].sum() > 0
    assert accuracy.walk(fake(1), lambda *words: None, None).counted[0].further == {}
