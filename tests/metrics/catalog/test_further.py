from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bench.measure import further
from bench.metrics.base import Source
from bench.metrics.catalog import further as catalog
from bench.record.further import BoundaryMeasurement, ReliabilityMeasurement
from bench.record.store import write_arrays
from bench.tasks import boundary, reliability
from tests import builders
from tests.builders import Planned, build_run

CLASSES = ("a", "b", "c")
RNG = np.random.default_rng(3)
TRUTH = RNG.integers(0, 3, (12, 8, 8)).astype(np.uint8).repeat(4, 1).repeat(4, 2)
LOGITS = RNG.normal(0, 1, (2, 12, 3, 32, 32)) + 2 * (
    np.arange(3)[None, :, None, None] == TRUTH[:, None]
)
LOGITS[1] += RNG.normal(0, 0.5, LOGITS[1].shape)
PROBABILITY = np.exp(LOGITS) / np.exp(LOGITS).sum(2, keepdims=True)


def _tallies(k: int) -> list[dict]:
    label, sure = (
        PROBABILITY[k].argmax(1).astype(np.uint8),
        PROBABILITY[k].max(1).astype(np.float32),
    )
    return [
        {
            "boundary": boundary.count(TRUTH[i], label[i], 3),
            "reliability": reliability.count(TRUTH[i], label[i], sure[i], 3),
        }
        for i in range(12)
    ]


def _source(run, folder: Path, k: int, other: int | None, **changes) -> Source:
    """The result of the build, with counts beside; `other`: those of the reference."""

    def result(at: int, slug: str):
        of = next(r for r in run.results if r.case.variant.slug == slug)
        seen = {"classes": CLASSES, "images": tuple(map(str, range(12))), "asked": 12}
        types = {"boundary": BoundaryMeasurement, "reliability": ReliabilityMeasurement}
        more = tuple(
            types[f["kind"]](
                **f, arrays=write_arrays(run.folder / "cases", f"{slug}{at}", f["kind"], a)
            )
            for f, a in further.measured(changes.get("tallies") or _tallies(at), seen)
        )
        return of.model_copy(update={"measurements": (*of.measurements, *more)})

    return Source(
        run, result(k, "torch-bf16"), None if other is None else result(other, "torch-fp32")
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return build_run(tmp_path_factory.mktemp("run"), (Planned(), Planned("torch-bf16", flip=0.1)))


def _plain_error(k: int) -> float:
    """Pixel by pixel, after the formula; torchmetrics' `multiclass_calibration_error` gave the same."""
    bins = [[] for _ in range(15)]
    sure = PROBABILITY[k].max(1).astype(np.float32).ravel().tolist()
    right = (PROBABILITY[k].argmax(1) == TRUTH).ravel().tolist()
    for one, hit in zip(sure, right, strict=True):
        bins[min(int(one * 15), 14)].append((one, hit))
    gaps = [
        abs(np.mean([h for _, h in b]) - np.mean([s for s, _ in b])) * len(b) for b in bins if b
    ]
    return sum(gaps) / len(sure)


def test_the_calibration_error_is_that_of_its_definition(run, tmp_path) -> None:
    found = catalog.calibration(_source(run, tmp_path, 1, 0))
    theirs = [_plain_error(k) for k in (0, 1)]
    own, difference = found["calibration_error"], found["calibration_error_difference"]
    assert own.value == pytest.approx(theirs[1], abs=1e-5)
    assert difference.value == pytest.approx(theirs[1] - theirs[0], abs=1e-5)
    assert own.low < own.value < own.high
    assert difference.low < difference.value < difference.high


def test_boundary_iou_is_summed_over_the_images(run, tmp_path) -> None:
    found = catalog.boundary(_source(run, tmp_path, 1, 0))
    by_model = []
    for k in (0, 1):
        each = np.zeros((2, 3))
        for tally in _tallies(k):
            b = tally["boundary"]
            each[0, b["class_index"]] += b["intersection"]
            each[1, b["class_index"]] += b["union"]
        by_model.append((each[0] / each[1]).mean())
    own, difference = found["boundary_miou"], found["boundary_miou_difference"]
    assert own.value == pytest.approx(by_model[1])
    assert difference.value == pytest.approx(by_model[1] - by_model[0])
    assert own.low < own.value < own.high
    assert difference.low < difference.value < difference.high < 0


def test_equal_counts_have_no_difference(run, tmp_path) -> None:
    source = _source(run, tmp_path, 0, 0)
    for name, of in (
        ("boundary_miou", catalog.boundary),
        ("calibration_error", catalog.calibration),
    ):
        found = of(source)[f"{name}_difference"]
        assert (found.value, found.low, found.high) == (0, 0, 0)


def test_what_was_not_asked_for_is_told(run, tmp_path) -> None:
    plain = next(r for r in run.results if r.case.variant.slug == "torch-bf16")
    for of, name in ((catalog.boundary, "boundary"), (catalog.calibration, "calibration")):
        found = of(Source(run, plain, None))
        assert all(m.value is None for m in found.values())
        assert {m.reason for m in found.values()} == {f"not asked for: protocol.{name} = true"}
    alone = catalog.boundary(_source(run, tmp_path, 1, None))
    assert alone["boundary_miou"].value is not None
    assert "no result of the reference" in alone["boundary_miou_difference"].reason
    half = _source(run, tmp_path, 1, 0)
    half = Source(run, half.result, next(r for r in run.results if r.case.is_reference))
    assert "reference variant has none" in catalog.boundary(half)["boundary_miou_difference"].reason


def test_labels_have_no_probabilities(run, tmp_path) -> None:
    tallies = [{"reliability": {}} for _ in range(12)]
    found = catalog.calibration(_source(run, tmp_path, 1, 0, tallies=tallies))
    assert found["calibration_error"].value is None
    assert found["calibration_error"].reason == further.LABELS_ONLY


def test_the_suite_asks_for_them(tmp_path) -> None:
    for name in ("boundary", "calibration"):
        plain = builders.case()
        asked = builders.case(protocol=builders.protocol(**{name: True}))
        assert asked.fingerprint != plain.fingerprint
        assert asked.protocol.accuracy_fields() == plain.protocol.accuracy_fields()
        with pytest.raises(ValueError, match=f"{name} is counted of label maps"):
            builders.protocol(task="panoptic", **{name: True})
