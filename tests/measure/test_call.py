import numpy as np
import pytest

from bench.measure.call import timed
from bench.transforms.geometry import Geometry
from tests.scripted import TIMES, Clock, loaded


def test_every_phase_and_the_whole_to_the_nanosecond():
    clock = Clock()
    made, used, _ = loaded(clock)
    clock.now = 5
    assert timed(made, clock)(0) == (5, 654_326, *TIMES)
    assert used == [0]


def test_a_batch_is_one_call():
    clock = Clock()
    made, used, shapes = loaded(clock, batch_size=2)
    call = timed(made, clock)
    call(0)
    _, _, decode, _, _, forward, _, postprocess = call(1)
    assert shapes == [(2, 3, 4, 4)] * 2
    assert used == [0, 1, 1, 2]
    assert (decode, forward, postprocess) == (2, 4000, 1_200_000)


@pytest.mark.parametrize(("count", "turns"), [(10, [*range(8), 0]), (3, [0, 1, 2] * 3)])
def test_at_most_eight_images_take_turns(count, turns):
    clock = Clock()
    made, used, _ = loaded(clock, count=count)
    call = timed(made, clock)
    for i in range(9):
        call(i)
    assert used == turns


def test_the_sum_of_phases_is_the_whole_but_for_the_clock_itself():
    """Around and between are read apart; what lies between their stamps is the reading alone."""
    clock = Clock()
    ticking = 40

    def tick():
        return clock.take(ticking, clock.now)

    made, _, _ = loaded(clock)
    start, end, *phases = timed(made, tick)(0)
    assert end - start - np.sum(phases) == 2 * ticking


def test_every_pass_of_an_image_is_timed():
    clock = Clock()
    made, _, shapes = loaded(clock)
    made.geometry = Geometry(flip=True)
    _, _, decode, preprocess, copy_in, forward, copy_out, postprocess = timed(made, clock)(0)
    assert shapes == [(1, 3, 4, 4)] * 2
    assert (decode, preprocess, postprocess) == (TIMES[0], TIMES[1], TIMES[5])
    assert (copy_in, forward, copy_out) == tuple(2 * t for t in TIMES[2:5])
