import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from bench.metrics.base import Source
from bench.metrics.catalog import parity
from bench.record.parity import OutputSums, ParityMeasurement
from tests.builders import Planned, build_run


def of(run, index=1, **changes):
    result = run.results[index]
    found = tuple(
        m.model_copy(update=changes) if m.kind == "parity" else m for m in result.measurements
    )
    return Source(run, result.model_copy(update={"measurements": found}), None)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rows = (Planned(), Planned("torch-bf16", flip=0.2), Planned("torch-fp16", status="failed"))
    return build_run(tmp_path_factory.mktemp("run"), rows)


def test_numbers_of_the_sums(run):
    found = parity.metrics(of(run))
    assert found["agreement"].value == pytest.approx(0.8, abs=0.03)
    assert found["map_relative_l2"].value == pytest.approx(0.1)
    assert found["map_sqnr_db"].value == pytest.approx(20)


def test_equal_outputs_have_no_ratio(run):
    found = parity.metrics(of(run, 0))
    assert found["map_relative_l2"].value == 0
    assert "infinite" in found["map_sqnr_db"].reason


def test_each_output_has_its_own_numbers(run):
    sums = run.results[1].get("parity").outputs["map"]
    bad = sums.model_copy(update={"non_finite": (5, 0, 0, 0)})
    found = parity.metrics(of(run, outputs={"map": sums, "mask_logits": bad}))
    assert found["mask_logits_sqnr_db"].value == pytest.approx(20)
    assert found["mask_logits_sqnr_db"].note.startswith("5 values that are NaN")
    without = parity.metrics(of(run, outputs={}))
    assert without["map_sqnr_db"].reason == "the backend gives no such output"


def test_nothing_to_compare_is_said(run):
    reasons = {m.reason for m in parity.metrics(of(run, absent="no reference outputs")).values()}
    assert reasons == {"no reference outputs"}
    assert parity.metrics(of(run, 2))["agreement"].reason.startswith("failed: ")
    none = run.results[0].model_copy(update={"measurements": ()})
    assert parity.metrics(Source(run, none, None))["agreement"].reason == "this is the reference"


def test_seeded_weights_have_sums_and_no_agreement(tmp_path):
    run = build_run(tmp_path, (Planned(seeded=True, flip=0.2),))
    found = parity.metrics(of(run, 0))
    assert found["agreement"].reason == "seeded weights"
    assert found["map_sqnr_db"].value == pytest.approx(20)


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
