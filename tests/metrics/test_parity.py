import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from bench.metrics import parity
from bench.record.parity import OutputSums, ParityMeasurement


def sums(x, y):
    """Sums of images x (reference) and y, each (N, values)."""
    return OutputSums(
        squared_error=tuple(((y - x) ** 2).sum(1).tolist()),
        squared_reference=tuple((x**2).sum(1).tolist()),
        largest_error=tuple(np.abs(y - x).max(1).tolist()),
    )


@given(hn.arrays(np.float64, (2, 3, 5), elements=st.floats(0.125, 100)))
def test_pooled_over_images(pair):
    x, y = pair
    found = sums(x, y)
    assert parity.relative_l2(found) == pytest.approx(np.linalg.norm(y - x) / np.linalg.norm(x))
    if (x != y).any():
        ratio = 20 * math.log10(np.linalg.norm(x) / np.linalg.norm(y - x))
        assert parity.sqnr_db(found) == pytest.approx(ratio)


def test_one_bit_is_six_decibels():
    x = np.ones((1, 100))
    coarse, fine = parity.sqnr_db(sums(x, x + 0.5)), parity.sqnr_db(sums(x, x + 0.25))
    assert fine - coarse == pytest.approx(6.0206, abs=1e-4)


def test_equal_and_empty_outputs():
    x = np.ones((2, 4))
    assert parity.relative_l2(sums(x, x)) == 0
    assert parity.sqnr_db(sums(x, x)) == math.inf
    zero = sums(0 * x, x)
    assert (parity.relative_l2(zero), parity.sqnr_db(zero)) == (None, None)


def test_agreement_weighs_images_by_their_pixels():
    found = ParityMeasurement(reference="r", images=("a", "b"), equal=(1, 90), total=(10, 90))
    assert parity.agreement(found) == 0.91
    assert parity.agreement(ParityMeasurement(reference="r", images=())) is None


def test_non_finite_values_are_added_up():
    found = sums(np.ones((2, 4)), np.ones((2, 4))).model_copy(update={"non_finite": (3, 4)})
    assert parity.non_finite(found) == 7
