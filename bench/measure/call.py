"""One timed call, from the image to the labels: what every scenario repeats."""

from collections.abc import Callable

import numpy as np

from bench.measure.session import LoadedCase

Clock = Callable[[], int]
"""Monotonic nanoseconds: `time.perf_counter_ns`, or a test's script."""
Call = Callable[[int], tuple[int, ...]]
"""Position -> start and end, then the nanoseconds of each phase in the order of PHASES."""

DISTINCT = 8
"""Images that the calls take turns with, so that no cache holds just one."""


def timed(loaded: LoadedCase, clock: Clock) -> Call:
    """Call on the loaded session; position i starts at image i modulo DISTINCT.

    Start and end are read apart from the phases' stamps, so that the sum of phases can be held against them.
    """
    size = loaded.case.protocol.batch_size
    there = len(loaded.images.names)
    distinct = min(DISTINCT, there)
    session, synchronize = loaded.session, loaded.device.synchronize
    pixels, images_of = loaded.case.model.pixels, loaded.images.image

    def call(position: int) -> tuple[int, ...]:
        first = position % distinct
        start = clock()
        t0 = clock()
        images = [images_of((first + k) % there) for k in range(size)]
        t1 = clock()
        inputs = [loaded.preprocess(i, pixels, loaded.size) for i in images]
        x = inputs[0] if size == 1 else np.concatenate(inputs)
        t2 = clock()
        fed = session.copy_in(x)
        synchronize()
        t3 = clock()
        raw = session.forward(fed)
        synchronize()
        t4 = clock()
        outputs = session.copy_out(raw)
        t5 = clock()
        for k, image in enumerate(images):
            one = outputs if size == 1 else {n: a[k : k + 1] for n, a in outputs.items()}
            loaded.postprocess(one, loaded.size, image.shape[:2])
        t6 = clock()
        end = clock()
        return start, end, t1 - t0, t2 - t1, t3 - t2, t4 - t3, t5 - t4, t6 - t5

    return call
