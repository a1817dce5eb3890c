import cv2
import numpy as np
import pytest

from bench.errors import CaseFailed
from bench.jobs.prepare import ArtifactJob, DatasetJob
from bench.measure import calibrate
from bench.measure.steps import dataset
from bench.suite.variant import CalibrationSet
from bench.tasks import confusion, overlap
from tests import small


@pytest.fixture
def job(tmp_path):
    """Job of a quantizer on a folder with the splits train and val."""
    small.pictures(tmp_path / "both", 4, split="train", seed=5)
    data = small.folder(small.pictures(tmp_path / "both", split="val"))
    case = small.suite(small.block(small.model("x.onnx"), data, small.INT8)).expand()[0]
    return ArtifactJob(
        case=case, cache=str(tmp_path), size=small.SIZE, position=0, previous=None, target="a"
    )


def with_set(job, calibration, **protocol):
    variant = job.case.variant.model_copy(update={"calibration": calibration})
    rules = job.case.protocol.model_copy(update=protocol)
    case = job.case.model_copy(update={"variant": variant, "protocol": rules})
    return job.model_copy(update={"case": case})


def picture(root, i):
    return cv2.imread(str(root / "both" / "train" / "images" / f"p{i}.png"))[..., ::-1] / 255


def test_inputs_are_preprocessed_images_of_the_set(job, tmp_path):
    chosen = calibrate.images(job)
    found = calibrate.inputs(job, chosen, chosen.ranges)
    assert chosen.ranges == (1, 3)
    for i, x in zip(chosen.ranges, found, strict=True):
        np.testing.assert_allclose(x[0], picture(tmp_path, i).transpose(2, 0, 1), atol=1e-6)
    two = with_set(job, CalibrationSet(images=1), batch_size=2)
    (batch,) = calibrate.inputs(two, calibrate.images(two), (0,))
    assert batch.shape == (2, 3, *small.SIZE)


def test_a_quantizer_never_sees_what_is_evaluated(job):
    with pytest.raises(CaseFailed, match="the images that are evaluated"):
        calibrate.images(with_set(job, CalibrationSet(split="val")))
    with pytest.raises(CaseFailed, match=r"names no \[calibration\]"):
        calibrate.images(with_set(job, None))


def test_the_images_of_a_set_are_listed_and_never_judged(job, tmp_path):
    asked = CalibrationSet(images=2, validation=1)
    work = DatasetJob(
        case=job.case, cache=job.cache, calibration_splits=("train",), calibration_sets=(asked,)
    )
    (found,) = dataset.run(work, lambda *_: None).calibrated.values()
    assert (found.split, found.images, found.validation) == ("train", ("p0", "p3"), ("p2",))
    chosen = calibrate.images(with_set(job, asked))
    assert found.digest == chosen.digest
    image = tmp_path / "both" / "val" / "images" / "p0.png"
    image.write_bytes((tmp_path / "both" / "train" / "images" / "p2.png").read_bytes())
    with pytest.raises(Exception, match=r"train/images/p2\.png is also judged"):
        dataset.run(work, lambda *_: None)


def test_the_metric_is_that_of_the_task_over_the_images_that_are_asked_for(job, tmp_path):
    asked = with_set(job, CalibrationSet(images=1, validation=3))
    chosen = calibrate.images(asked)
    validation = calibrate.validation(asked, chosen)
    outputs, counts = [], []
    for at, i in enumerate(chosen.validation):
        scores = np.einsum("kc,hwc->khw", small.WEIGHTS, picture(tmp_path, i))
        scores += small.BIAS[:, None, None]
        outputs.append((at, {"logits": scores[None].astype(np.float32)}))
        mask = cv2.imread(str(tmp_path / "both" / "train" / "masks" / f"p{i}.png"), -1)
        counts.append(confusion.count(mask, scores.argmax(0).astype(np.uint8), 4))
        assert np.array_equal(validation.inputs[at][0], calibrate.inputs(asked, chosen, [i])[0][0])
    want = [overlap.mean_of((a / b).tolist()) for a, b in map(overlap.parts, counts)]
    part, whole = overlap.parts(np.sum(counts, 0))
    found, each = validation.judge(outputs)
    assert found == pytest.approx(overlap.mean_of((part / whole).tolist()))
    assert each == pytest.approx(want)
    assert 0.5 < found < 1
    assert validation.judge(outputs[2:])[0] == pytest.approx(want[2])


def test_without_labelled_images_there_is_no_metric(job):
    with pytest.raises(CaseFailed, match=r"holds no\s+images for that"):
        calibrate.validation(job, calibrate.images(job))
