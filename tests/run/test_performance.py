from types import SimpleNamespace

import numpy as np
import pytest

from bench.record.timing import PHASES
from bench.run import performance
from tests import small


class Clock:
    """Scripted: every phase takes what it is told."""

    def __init__(self):
        self.now = 0

    def perf_counter_ns(self):
        return self.now

    def take(self, ns, value=None):
        self.now += ns
        return value


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(performance, "time", made)
    return made


def fake(clock, count=3, **protocol):
    """Session whose phases take 1, 20, 300, 4000, 50000 and 600000 ns an image or batch."""
    used = []
    case = small.suite(
        small.block(small.model("x.onnx"), small.folder("."), protocol=small.QUICK.model_copy(
            update=protocol))
    ).expand()[0]  # fmt: skip
    image = np.zeros((4, 4, 3), np.uint8)

    def load(index):
        used.append(index)
        return clock.take(1, image)

    shapes = []

    def forward(x):
        shapes.append(x.shape)
        return clock.take(4000, x)

    session = SimpleNamespace(
        copy_in=lambda x: clock.take(300, x),
        forward=forward,
        copy_out=lambda raw: clock.take(50_000, {"logits": raw}),
    )
    bench = SimpleNamespace(
        case=case, size=(4, 4), session=session,
        device=SimpleNamespace(synchronize=lambda: None),
        images=SimpleNamespace(names=tuple("abcdefghij"[:count]), image=load),
        preprocess=lambda image, pixels, size: clock.take(20, np.zeros((1, 3, *size), np.float32)),
        postprocess=lambda out, size, shape: clock.take(600_000, out["logits"].shape),
    )  # fmt: skip
    return bench, used, shapes


def test_every_phase_and_the_whole_to_the_nanosecond(clock):
    bench, used, _ = fake(clock, warmup=2, iterations=4)
    said = []
    found = performance.measure(bench, lambda *words: said.append(words))
    (launch,) = found.launches
    assert launch.warmup_ns == (654_321,) * 2
    assert launch.end_to_end_ns == (654_321,) * 4
    times = (1, 20, 300, 4000, 50_000, 600_000)
    assert launch.phases_ns == {p: (t,) * 4 for p, t in zip(PHASES, times, strict=True)}
    assert launch.stopped == "iterations"
    assert used == [0, 1, 0, 1, 2, 0]
    # Not a word while the clock runs.
    assert said == [("timing", 0, 4)]


def test_a_batch_is_one_call(clock):
    bench, used, shapes = fake(clock, warmup=0, iterations=2, batch_size=2)
    found = performance.measure(bench, lambda *words: None)
    (launch,) = found.launches
    assert found.batch_size == 2
    assert shapes == [(2, 3, 4, 4)] * 2
    assert used == [0, 1, 1, 2]
    assert launch.phases_ns["decode"] == (2, 2)
    assert launch.phases_ns["forward"] == (4000, 4000)
    assert launch.phases_ns["postprocess"] == (1_200_000,) * 2


def test_a_limit_keeps_at_least_one_sample(clock):
    bench, _, _ = fake(clock, warmup=10, iterations=100, timing_limit_s=1e-9)
    (launch,) = performance.measure(bench, lambda *words: None).launches
    assert (len(launch.warmup_ns), len(launch.end_to_end_ns)) == (1, 1)
    assert launch.stopped == "time limit"


def test_a_limit_that_comes_with_the_last_iteration_stopped_nothing(clock):
    bench, _, _ = fake(clock, warmup=0, iterations=2, timing_limit_s=0.001)
    (launch,) = performance.measure(bench, lambda *words: None).launches
    assert (len(launch.end_to_end_ns), launch.stopped) == (2, "iterations")


def test_eight_images_take_turns(clock):
    bench, used, _ = fake(clock, count=10, warmup=0, iterations=9)
    performance.measure(bench, lambda *words: None)
    assert used == [0, 1, 2, 3, 4, 5, 6, 7, 0]
