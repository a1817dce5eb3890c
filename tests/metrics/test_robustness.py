import pytest

from bench.metrics.robustness import robustness
from bench.metrics.rows import rows
from tests.builders import Corrupted, Planned, build_run

BF16 = "torch-bf16"


def made(folder, *planned, **info):
    return rows(build_run(folder, planned, images=12, **info))


def both(corruption="", flip=0.0, **more):
    """The reference and a variant that gets a share of pixels otherwise, on the same images."""
    return (
        Corrupted(corruption=corruption),
        Corrupted(BF16, flip=flip, corruption=corruption, **more),
    )


def test_a_run_without_corruption_has_no_robustness(tmp_path):
    assert robustness(made(tmp_path, Planned(), Planned(BF16, flip=0.1))) == ()


def test_levels_are_averaged_and_held_against_the_clean_images(tmp_path):
    found = made(tmp_path, *both(), *both("fog/1", 0.1), *both("fog/3", 0.3))
    ((reference, variant),) = robustness(found)
    clean, first, third = (r.value("miou") for r in found if r.result.case.variant.slug == BF16)
    fog = variant.under["fog"]
    assert fog.mean.value == pytest.approx((first + third) / 2)
    assert fog.mean.note == "mean over levels 1, 3"
    assert fog.retained.value == pytest.approx((first + third) / 2 / clean)
    assert variant.mpc.value == fog.mean.value
    assert reference.under["fog"].breaks is None
    retained = [r.value("miou_retained") for r in found if r.result.case.axis.endswith("fog-1")]
    assert retained[1] == pytest.approx(first / clean)


def test_it_breaks_at_the_first_level_whose_whole_interval_lies_beyond_the_margin(tmp_path):
    found = made(
        tmp_path, *both(), *both("fog/1"), *both("fog/3", 0.2), *both("fog/5", 0.4), *both("snow/1")
    )
    ((reference, variant),) = robustness(found, margin=0.01)
    assert variant.under["fog"].breaks == 3
    assert variant.under["snow"].breaks is None
    assert reference.under["fog"].breaks is None
    ((_, patient),) = robustness(found, margin=0.9)
    assert patient.under["fog"].breaks is None


def test_what_is_broken_on_clean_images_does_not_break_earlier(tmp_path):
    found = made(tmp_path, *both(flip=0.3), *both("fog/1", 0.3))
    ((_, variant),) = robustness(found)
    assert variant.broken
    assert variant.under["fog"].breaks is None


def test_a_missing_level_leaves_no_mean(tmp_path):
    gone = {"status": "failed", "reason": "It was killed."}
    found = made(tmp_path, *both(), *both("fog/1"), *both("fog/3", **gone))
    ((reference, variant),) = robustness(found)
    assert reference.under["fog"].mean.value is not None
    assert variant.under["fog"].mean.reason.startswith("level 3: failed")
    assert variant.mpc.value is None


def test_without_clean_images_nothing_is_held_against_them(tmp_path):
    ((_, variant),) = robustness(made(tmp_path, *both("fog/1", 0.4)))
    assert variant.under["fog"].retained.reason == "there is no accuracy on the images as they are"
    assert variant.under["fog"].breaks is None
    assert variant.under["fog"].mean.value is not None
