import pytest

from bench.metrics import checked
from bench.record.checks import Check, ChecksMeasurement, Stage, StagesMeasurement
from bench.record.parity import OutputSums
from tests import builders

EXACT = OutputSums(squared_error=(0.0,), squared_reference=(4.0,), largest_error=(0.0,))
FAR = OutputSums(squared_error=(2.0,), squared_reference=(4.0,), largest_error=(1.0,))
NAN = FAR.model_copy(update={"non_finite": (3,)})


def row(*measurements, **model):
    case = builders.case("torchscript-fp32", model=builders.model(**model))
    return builders.result(case, measurements=measurements)


def check(**more):
    return Check(**{"name": "second image", "outcome": "ran", "asked": "1 x 3 x 4 x 4", **more})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"equal": 95, "total": 100}, ""),
        ({"equal": 94, "total": 100}, "only 94.0 % of labels equal those of the model itself"),
        ({"repeats_first": True, "equal": 100, "total": 100}, "the first image's answer is given"),
        ({"outputs": {"map": NAN}}, "3 output values are not finite"),
        ({"missing": 2}, "images without an answer of the model's shape: 2"),
        ({"outcome": "refused", "message": "fixed"}, ""),
        ({"name": "second call", "outputs": {"map": FAR}}, "another answer (relative L2 0.71)"),
        ({"name": "second call", "outputs": {"map": EXACT}}, ""),
    ],
)
def test_a_check_is_held_to_the_suites_limit(fields, said):
    found = row(ChecksMeasurement(checks=(check(name="second call"), check(**fields))))
    reason = checked.failed(found)
    assert said in reason
    assert bool(said) == bool(reason)


def test_seeded_weights_are_held_to_the_maps_ratio():
    found = row(ChecksMeasurement(checks=(check(outputs={"map": FAR}),)), source="seeded")
    assert checked.failed(found) == ""  # 3.01 dB, and the limit is 3
    far = FAR.model_copy(update={"squared_error": (2.1,)})
    found = row(ChecksMeasurement(checks=(check(outputs={"map": far}),)), source="seeded")
    assert "SQNR against the model itself is 2.8 dB (limit 3 dB)" in checked.failed(found)


def test_the_first_stage_that_diverges_is_named_with_the_one_before():
    stages = [Stage(name=n, sums=s) for n, s in (("input", EXACT), ("stem", EXACT), ("head", FAR))]
    found = checked.diverges(row(StagesMeasurement(stages=tuple(stages))))
    assert (
        found == "the first stage that diverges is head (SQNR 3.0 dB; before it, stem: identical)"
    )
    assert checked.diverges(row(StagesMeasurement(stages=tuple(stages[:2])))) == (
        "no stage's SQNR lies below 20 dB"
    )
    assert checked.diverges(row(StagesMeasurement(absent="x"))) == ""
    assert checked.diverges(row()) == ""
