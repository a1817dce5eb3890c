"""Joined shards equal one pass to the bit, for every number of shards, in every order."""

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import CaseFailed
from bench.jobs.measure import ShardReport
from bench.measure import further
from bench.measure.parity import Compared, measurement
from bench.objects import encoded, objects
from bench.plan.shards import Part, join
from bench.record.base import ArrayFile
from bench.record.counts import (
    ConfusionMeasurement,
    InstanceMeasurement,
    RunTimes,
    SegmentsMeasurement,
)
from bench.record.detections import DetectionsMeasurement, MasksMeasurement
from bench.record.further import BoundaryMeasurement, ReliabilityMeasurement
from bench.record.gallery import GalleryMeasurement, Panel
from bench.tasks import boundary, confusion, instances, reliability
from bench.tasks.base import joined
from bench.tasks.instance import InstanceTask
from bench.tasks.panoptic import PanopticTask
from tests import builders
from tests.tasks.runs import tally

CLASSES = ("a", "b", "c")
FILE = ArrayFile(file="x.npz", sha256="0")
PARITY_IMAGES, GALLERY_IMAGES = 4, 2


@cache
def _objects(i, seed):
    """Tally of an image's objects; one of them has a mask of many runs."""
    rng = np.random.default_rng([seed, i, 1])
    masks = [encoded(rng.random((12, 9 + i % 3)) < p) for p in (0.1, 0.5, 0.9)]
    both = [
        objects((12, 9 + i % 3), masks[:n], [0, 1, 1][:n], scores=rng.random(n)) for n in (i % 3, 3)
    ]
    things = builders.dataset(classes=CLASSES, things=CLASSES)
    return InstanceTask().tally(*both, things, None)


@cache
def _further(i, seed):
    """Boundaries and confidences of an image."""
    rng = np.random.default_rng([seed, i, 2])
    maps = rng.integers(0, 3, (2, 6, 6)).astype(np.uint8)
    sure = rng.random((6, 6)).astype(np.float32)
    return {"boundary": boundary.count(*maps, 3), "reliability": reliability.count(*maps, sure, 3)}


def found(indices, asked, shard, seed=0) -> Part:
    """What a worker tells of the images at some positions; an image's values depend on it alone."""
    counts, things, segments, forward, panels, compared = [], [], [], [], [], []
    names = {i: f"image-{(7 * i) % 1000}" for i in range(asked)}  # not in the order of their names
    for i in indices:
        rng = np.random.default_rng([seed, i])
        counts.append(rng.integers(0, 3, (4, 4)) * rng.integers(1, 10**6, (4, 4)))
        ids = rng.integers(0, 4000, (6, 6)).astype(np.int32)
        things.append(
            instances.count(np.where(ids < 1000, 0, ids), rng.integers(0, 3, (6, 6)), CLASSES)
        )
        segments.append(tally(rng, 0.2))
        forward.append(int(rng.integers(1, 10**9)))
        sums = tuple(rng.random(3) * 1e9)
        outputs = {"map": (*sums, i % 2)} if i < PARITY_IMAGES else {}
        if i != 2:  # the reference didn't reach it
            compared.append(Compared(i, int(rng.integers(0, 99)), 99, outputs))
        if i < GALLERY_IMAGES:
            panels.append(
                Panel(image=names[i], input=f"{i}.jpg", truth="t.png", prediction="p.png")
            )
    images = tuple(names[i] for i in indices)
    measurements = [
        ConfusionMeasurement(
            classes=CLASSES, images=images, asked=asked, arrays=FILE,
            groups=tuple(f"city {i // 3}" for i in indices),
        ),
        RunTimes(forward_ns=tuple(forward), wall_ns=sum(forward)),
        InstanceMeasurement(classes=CLASSES, images=images, arrays=FILE),
        SegmentsMeasurement(classes=CLASSES, images=images, asked=asked, arrays=FILE),
        measurement("torch-fp32", tuple(names.values()), compared),
    ]  # fmt: skip
    if panels:
        measurements.append(GalleryMeasurement(panels=tuple(panels)))
    arrays = {
        "confusion": confusion.to_sparse(confusion.stack(counts, len(CLASSES))),
        "instances": joined(things, instances.FIELDS),
        "segments": dict(next(PanopticTask().measured(segments, {}))[1]),
    }
    seen = {"classes": CLASSES, "images": images, "asked": asked}
    more = [InstanceTask().measured([_objects(i, seed) for i in indices], seen)]
    more.append(further.measured([_further(i, seed) for i in indices], seen))
    for fields, of in itertools.chain(*more):
        kind = {"detections": DetectionsMeasurement, "masks": MasksMeasurement,
                "boundary": BoundaryMeasurement, "reliability": ReliabilityMeasurement}  # fmt: skip
        measurements.append(kind[fields["kind"]](**fields, arrays=FILE))
        arrays[fields["kind"]] = dict(of)
    report = ShardReport(
        shard=shard, indices=tuple(indices), images=images, asked=asked, weights={}, effective={},
        times={}, measurements=tuple(measurements),
    )  # fmt: skip
    return report, arrays


def of(one, kind):
    return next(m for m in one[0].measurements if m.kind == kind)


def changed(one, kind, **update):
    """A part with another measurement of a kind."""
    new = of(one, kind).model_copy(update=update)
    found = tuple(new if m.kind == kind else m for m in one[0].measurements)
    return one[0].model_copy(update={"measurements": found}), one[1]


def shards(asked, n, batch=1):
    groups = [range(i, min(i + batch, asked)) for i in range(0, asked, batch)]
    return [found([i for g in groups[k::n] for i in g], asked, (k, n)) for k in range(n)]


def same(one: Part, other: Part):
    assert one[0].model_dump_json() == other[0].model_dump_json()
    assert {*one[1]} == {*other[1]}
    for kind, arrays in one[1].items():
        assert {*arrays} == {*other[1][kind]}
        for name, values in arrays.items():
            again = other[1][kind][name]
            assert (values.dtype, values.shape) == (again.dtype, again.shape)
            assert values.tobytes() == again.tobytes(), (kind, name)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 17), st.integers(1, 9), st.integers(1, 4), st.randoms(use_true_random=False))
def test_any_number_in_any_order_equals_one_pass(asked, n, batch, shuffle):
    parts = shards(asked, n, batch)
    shuffle.shuffle(parts)
    same(join(parts), found(range(asked), asked, (0, 1)))


def test_a_shard_that_was_tried_again_counts_once():
    parts = shards(11, 3)
    parts[1] = found([1, 4, 7, 10], 11, (1, 3))
    same(join(parts), found(range(11), 11, (0, 1)))


def test_a_missing_shard_is_named():
    parts = shards(9, 4)
    with pytest.raises(CaseFailed, match=r"Shard 3 of 4 is missing\."):
        join([p for p in parts if p[0].shard[0] != 2])


def test_a_doubled_shard_is_named():
    parts = shards(9, 4)
    with pytest.raises(CaseFailed, match=r"Shard 2 of 4 is there twice\."):
        join([*parts, parts[1]])


def test_shards_of_another_division_are_refused():
    with pytest.raises(CaseFailed, match="of one pass"):
        join([shards(9, 2)[0], shards(9, 3)[1]])
    with pytest.raises(CaseFailed, match="of one pass"):
        join([])


def test_an_image_in_two_shards_is_named():
    parts = shards(6, 2)
    with pytest.raises(CaseFailed, match=r"Image 2 lies in two shards\."):
        join([parts[0], found([1, 2, 3, 5], 6, (1, 2))])


def test_an_image_in_no_shard_is_named():
    parts = shards(6, 2)
    with pytest.raises(CaseFailed, match=r"Image 3 of 6 lies in none of the 2 shards\."):
        join([parts[0], found([1, 5], 6, (1, 2))])


def test_with_a_time_limit_the_pass_ends_before_the_first_unseen_image():
    parts = [found([0, 3, 6], 9, (0, 3)), found([1, 4], 9, (1, 3)), found([2, 5, 8], 9, (2, 3))]
    want = found(range(7), 9, (0, 1))
    joined = join(parts, limited=True)
    walls = sum(of(p, "accuracy_pass").wall_ns for p in parts)
    same(joined, changed(want, "accuracy_pass", wall_ns=walls))


def test_without_the_reference_of_one_shard_there_is_no_comparison():
    parts = shards(6, 3)
    parts[1] = changed(parts[1], "parity", absent="It failed.", images=())
    parity = of(join(parts), "parity")
    assert parity.absent == "It failed."
    assert not parity.images
    assert not parity.outputs
