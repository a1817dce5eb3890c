import numpy as np
import pytest

from bench.errors import CaseFailed
from bench.jobs.prepare import ArtifactJob
from bench.measure.steps import artifact
from bench.suite.variant import CalibrationSet
from tests import small


@pytest.fixture
def job(tmp_path):
    """Job of a quantizer on a folder with the splits train and val."""
    small.pictures(tmp_path / "both", 3, split="train", seed=5)
    data = small.folder(small.pictures(tmp_path / "both", split="val"))
    case = small.suite(small.block(small.model("x.onnx"), data, small.INT8)).expand()[0]
    return ArtifactJob(
        case=case, cache=str(tmp_path), size=small.SIZE, position=0, previous=None, target="a"
    )


def calibrated(job, calibration, **protocol):
    variant = job.case.variant.model_copy(update={"calibration": calibration})
    rules = job.case.protocol.model_copy(update=protocol)
    case = job.case.model_copy(update={"variant": variant, "protocol": rules})
    return artifact._calibration(job.model_copy(update={"case": case}))


def test_calibration_takes_the_first_images_of_its_own_split(job, tmp_path):
    import cv2

    found = calibrated(job, CalibrationSet(split="train", images=2))
    assert len(found) == 2
    for i, x in enumerate(found):
        image = cv2.imread(str(tmp_path / "both" / "train" / "images" / f"p{i}.png"))[..., ::-1]
        np.testing.assert_allclose(x[0], image.transpose(2, 0, 1) / 255, atol=1e-6)
    assert len(calibrated(job, CalibrationSet(split="train", images=99))) == 3
    batch = calibrated(job, CalibrationSet(split="train", images=1), batch_size=2)
    assert batch[0].shape == (2, 3, *small.SIZE)


def test_a_quantizer_never_sees_what_is_evaluated(job):
    with pytest.raises(CaseFailed, match="the images that are evaluated"):
        calibrated(job, CalibrationSet(split="val"))
    with pytest.raises(CaseFailed, match=r"names no \[calibration\]"):
        calibrated(job, None)


def test_a_step_that_writes_nothing_has_failed(job, tmp_path, monkeypatch):
    class Idle:
        calibrates = False

        def make(self, job):
            """Nothing."""

    monkeypatch.setattr(artifact.registry, "load", lambda kind, name: Idle)
    with pytest.raises(CaseFailed, match="'onnx' wrote nothing"):
        artifact.run(job, lambda *words: None)
    assert [p.name for p in (tmp_path / "artifacts").iterdir()] == ["a.lock"]


def test_what_was_made_stands_with_all_that_the_record_wants(job, tmp_path):
    small.conv_graph(tmp_path / "conv.onnx")
    model = job.case.model.model_copy(update={"location": str(tmp_path / "conv.onnx")})
    of = job.model_copy(update={"case": job.case.model_copy(update={"model": model})})
    assert of.stands(tmp_path) is None
    made = artifact.run(of, lambda *words: None)
    assert made.name == "onnx"
    assert made.files == ("model.onnx",)
    assert made.file_bytes == (tmp_path / "artifacts" / "a" / "model.onnx").stat().st_size
    assert of.stands(tmp_path) == made
