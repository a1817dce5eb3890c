import pytest

from bench.metrics.base import Source
from bench.metrics.catalog import parity
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
