import numpy as np
import pytest

from bench.metrics.base import Source
from bench.metrics.catalog import accuracy
from bench.metrics.rows import reference_of
from bench.record.store import write_arrays
from bench.tasks import overlap, semantic
from bench.tasks.confusion import to_sparse
from bench.tasks.semantic import SemanticTask
from tests.builders import Planned, build_run
from tests.tasks import scored

ROWS = (Planned(), Planned("torch-bf16", flip=0.1))


def source(run, slug="torch-bf16"):
    result = next(r for r in run.results if r.case.variant.slug == slug)
    return Source(run, result, reference_of(run, result))


def counts_of(run, found):
    return semantic.counts_of(run.folder / "cases", found)


def changed(of, kind, **changes):
    """The source, of which one measurement of the result is changed."""
    found = tuple(
        m.model_copy(update=changes) if m.kind == kind else m for m in of.result.measurements
    )
    return Source(of.run, of.result.model_copy(update={"measurements": found}), of.reference)


def both(of):
    """The headline and its difference to the reference."""
    return {**accuracy.metrics(of), **accuracy.difference(of)}


def differing(of):
    return accuracy.difference(of)["miou_difference"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return build_run(tmp_path_factory.mktemp("run"), ROWS)


def test_numbers_are_those_of_the_counts(run):
    of = source(run)
    counts = counts_of(run, of.result.get("confusion"))
    found = accuracy.metrics(of)
    assert found["miou"].value == scored.miou(counts)
    assert found["miou"].low < found["miou"].value < found["miou"].high
    found = accuracy.scores(of)
    assert found["pixel_accuracy"].value == overlap.pixel_accuracy(counts)
    assert all(found[n].value is not None for n in SemanticTask.numbers)


def test_the_difference_is_variant_minus_reference(run):
    found = both(source(run))
    other = both(source(run, "torch-fp32"))
    difference = found["miou_difference"]
    assert difference.value == pytest.approx(found["miou"].value - other["miou"].value)
    assert difference.low < difference.value < difference.high < 0
    assert other["miou_difference"].reason == "this is the reference"


def test_the_smallest_drop_that_shows_lies_beyond_the_half_width(run):
    found = both(source(run))
    difference, smallest = found["miou_difference"], found["miou_detectable"]
    half = difference.high - difference.value
    assert half < smallest.value < 1.6 * half
    assert both(source(run, "torch-fp32"))["miou_detectable"].value is None


def test_without_scatter_there_is_no_smallest_drop(tmp_path):
    of = source(build_run(tmp_path, (Planned(), Planned("torch-bf16"))))
    found = both(of)
    assert found["miou_difference"].value == found["miou_difference"].high == 0
    assert "nothing scatters" in found["miou_detectable"].reason


def test_every_class_and_category_has_its_paired_difference(run):
    found = accuracy.by_class(source(run))
    for of, minus in (("iou", "iou_difference"), ("category_iou", "category_iou_difference")):
        theirs = accuracy.by_class(source(run, "torch-fp32"))
        assert minus not in theirs
        assert list(found[of]) == list(found[minus])
        for name, metric in found[minus].items():
            apart = found[of][name].value - theirs[of][name].value
            assert metric.value == pytest.approx(apart)
            assert metric.low < metric.value < metric.high
    assert list(found["category_iou"])[:2] == ["flat", "construction"]


def test_a_variant_that_saw_fewer_images_is_paired_over_the_common_ones(run):
    of = source(run)
    half = of.result.get("confusion")
    keep = half.images[4:]
    counts = counts_of(run, half)[4:]
    file = write_arrays(run.folder / "cases", "half", "confusion", to_sparse(counts))
    fewer = changed(of, "confusion", images=keep, groups=half.groups[4:], arrays=file)
    found = both(fewer)
    theirs = counts_of(run, of.reference.get("confusion"))[4:]
    expected = scored.miou(counts) - scored.miou(theirs)
    assert found["miou_difference"].value == pytest.approx(expected)
    assert found["miou_difference"].note == "over the 4 images that both saw"
    assert found["miou"].note == "4 of 8 images were seen"
    assert (
        accuracy.scores(fewer)["iiou"].reason
        == "instances and classes were counted on different images"
    )


def test_unlike_settings_and_unlike_images_are_not_paired(run):
    of = source(run)
    names = tuple(f"other{i}" for i in range(8))
    apart = differing(changed(of, "confusion", images=names))
    assert apart.reason == "no image in common with the reference"
    protocol = of.result.case.protocol.model_copy(update={"postprocess": "hf"})
    case = of.result.case.model_copy(update={"protocol": protocol})
    unlike = Source(run, of.result.model_copy(update={"case": case}), of.reference)
    assert "other accuracy settings" in differing(unlike).reason
    assert "torch-fp32" in differing(Source(run, of.result, None)).reason


def test_classes_off_cityscapes_have_no_categories(run):
    of = source(run)
    names = tuple(f"class {i}" for i in range(19))
    of = changed(of, "confusion", classes=names)
    found = accuracy.scores(of)
    for name in ("category_miou", "iiou", "category_iiou"):
        assert "Cityscapes" in found[name].reason
    assert accuracy.metrics(of)["miou"].value is not None


def test_seeded_weights_have_no_accuracy(tmp_path):
    run = build_run(tmp_path, (Planned(seeded=True), Planned("torch-bf16", seeded=True)))
    found = accuracy.metrics(source(run))
    assert {(m.value, m.reason) for m in found.values()} == {(None, "seeded weights")}
    assert accuracy.by_class(source(run)) == {}


def test_an_absent_class_has_a_reason(run):
    of = source(run)
    more = (*of.result.get("confusion").classes, "extra")
    counts = counts_of(run, of.result.get("confusion"))
    counts = np.insert(np.insert(counts, 19, 0, axis=1), 19, 0, axis=2)
    file = write_arrays(run.folder / "cases", "more", "confusion", to_sparse(counts))
    found = accuracy.by_class(changed(of, "confusion", classes=more, arrays=file))["iou"]
    assert found["extra"].value is None
    assert found["extra"].reason.startswith("absent")
    assert found["road"].low < found["road"].value < found["road"].high
