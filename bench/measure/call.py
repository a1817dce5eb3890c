"""One timed call, from the image to the labels: what every scenario repeats."""

from collections.abc import Callable

import numpy as np

from bench.measure.session import LoadedCase, joined, own

Clock = Callable[[], int]
"""Monotonic nanoseconds: `time.perf_counter_ns`, or a test's script."""
Call = Callable[[int], tuple[int, ...]]
"""Position -> start and end, then the nanoseconds of each phase in the order of PHASES."""

DISTINCT = 8
"""Images that the calls take turns with, so that no cache holds just one."""


def timed(loaded: LoadedCase, clock: Clock, kernels: list[int] | None = None) -> Call:
    """Call on the loaded session; position i starts at image i modulo DISTINCT.

    Start and end are read apart from the phases' stamps, so that the sum of phases can be held against them.
    What the device's own clock tells of each forward phase, if it has one, is added to `kernels`.
    """
    size = loaded.case.protocol.batch_size
    there = len(loaded.images.names)
    distinct = min(DISTINCT, there)
    session, device, synchronize = loaded.session, loaded.device, loaded.device.synchronize
    images_of = loaded.images.image

    def call(position: int) -> tuple[int, ...]:
        first = position % distinct
        start = clock()
        t0 = clock()
        images = [images_of((first + k) % there) for k in range(size)]
        t1 = clock()
        inputs = [loaded.prepare(i) for i in images]
        x = inputs[0] if size == 1 else np.concatenate(inputs)
        t2 = clock()
        spent, found, begun, ran = [0, 0, 0], [], t2, 0
        calls = loaded.calls(x)
        for part in calls:
            fed = session.copy_in(part)
            synchronize()
            t3 = clock()
            first_mark = device.mark()
            raw = session.forward(fed)
            last_mark = device.mark()
            synchronize()
            t4 = clock()
            if first_mark is not None:
                ran += device.between_ns(first_mark, last_mark)
            outputs = session.copy_out(raw)
            found.append(own(outputs) if len(calls) > 1 else outputs)
            t5 = clock()
            spent = [spent[0] + t3 - begun, spent[1] + t4 - t3, spent[2] + t5 - t4]
            begun = t5
        outputs, first = joined(found, len(x)), 0
        for image, mine in zip(images, inputs, strict=True):
            last = first + len(mine)
            one = outputs if size == 1 else {n: a[first:last] for n, a in outputs.items()}
            loaded.postprocess(one, loaded.size, image.shape[:2])
            first = last
        t6 = clock()
        end = clock()
        if ran and kernels is not None:
            kernels.append(ran)
        return start, end, t1 - t0, t2 - t1, *spent, t6 - begun

    return call
