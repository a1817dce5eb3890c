import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.roofline import Point, point
from bench.metrics.work import Total
from bench.record.base import Absent
from tests import builders, measured

MACHINE = builders.environment().machine
ROOF = measured.ceiling(MACHINE)
WORK = Total(parameters=1, buffers=0, macs=10**9, bytes_moved=2 * 10**8)
"""Ten operations a byte: the ridge of 200 GFLOP/s and 20 GB/s."""


def test_at_the_ridge_both_roofs_are_equal():
    found = point(WORK, 0.02, "fp32", ROOF)
    assert found == Point(10.0, 100e9, 200e9, 20e9)
    assert (found.bound, found.share, found.bound_by) == (200e9, 0.5, "compute")


def test_left_of_the_ridge_memory_is_the_bound():
    found = point(Total(1, 0, 10**9, 4 * 10**8), 0.02, "fp32", ROOF)
    assert (found.intensity, found.bound, found.bound_by) == (5.0, 100e9, "memory")
    assert found.share == 1.0


def test_a_narrow_precision_moves_fewer_bytes_and_has_its_own_peak():
    found = point(WORK, 0.02, "int8", ROOF)
    assert (found.intensity, found.peak, found.bound) == (40.0, 400e9, 400e9)


def test_a_share_above_one_is_not_hidden():
    assert point(WORK, 0.005, "fp32", ROOF).share == 2.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total": None}, "work was not counted"),
        ({"total": Total(1, 0, 0, 10)}, "no operation that is counted"),
        ({"forward_s": None}, "not timed"),
        ({"ceiling": None}, "ceiling was not measured"),
        ({"precision": "fp64"}, "no ceiling is measured in fp64"),
        ({"precision": "bf16"}, "torch can't multiply"),
        (
            {"ceiling": ROOF.model_copy(update={"bandwidth_bytes_s": Absent(reason="no memory")})},
            "no memory",
        ),
    ],
)
def test_whatever_is_missing_is_the_reason(change, reason):
    asked = {"total": WORK, "forward_s": 0.02, "precision": "fp32", "ceiling": ROOF, **change}
    assert reason in point(**asked)


positive = st.floats(1e-3, 1e6)


@given(positive, positive, positive, positive)
def test_the_bound_is_the_lower_roof_and_grows_with_intensity(intensity, achieved, peak, bandwidth):
    found = Point(intensity, achieved, peak, bandwidth)
    assert found.bound <= peak
    assert found.bound <= intensity * bandwidth
    assert found.bound in {peak, intensity * bandwidth}
    assert Point(2 * intensity, achieved, peak, bandwidth).bound >= found.bound
