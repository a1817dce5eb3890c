"""No figure without meaning: models whose classes were described badly get a sentence, not an mIoU."""

import cv2
import numpy as np
import pytest

from bench.cli.pareto import NOTHING
from bench.metrics.rows import rows
from bench.record.store import read_run
from bench.report.recommend import advise
from bench.report.view import View
from bench.suite.model import Pixels
from tests import small

pytestmark = pytest.mark.e2e
NIGHT = ("night", "rouge", "vert", "azur")


@pytest.fixture
def data(tmp_path):
    return small.folder(small.pictures(tmp_path / "pictures"))


@pytest.fixture
def measured(tmp_path, cache):
    def run(of, data):
        result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
        there = read_run(tmp_path / "run")
        return result, " ".join(advise(View(there, rows(there)).measured_groups)) or NOTHING

    return run


def conv(tmp_path, **more):
    weights = more.pop("weights", small.WEIGHTS)
    bias, labels = more.pop("bias", small.BIAS), more.pop("labels", False)
    return small.model(small.conv_graph(tmp_path / "m.onnx", weights, bias, labels=labels), **more)


@pytest.mark.parametrize(
    ("change", "sets", "said"),
    [
        (
            {"classes": (*small.CLASSES, "dog")}, {},
            "returns logits of 4 classes, and the suite declares 5 classes. Give [model.conv] `classes`",
        ),
        ({"classes": small.CLASSES[:2]}, {}, "returns logits of 4 classes, and the suite declares 2"),
        ({"classes": small.CLASSES[:2], "labels": True}, {}, "returns label 3, and the suite declares 2"),
        ({}, {"classes": NIGHT}, "No class of model 'conv' ('dark', 'red', 'green' ...) is a class of"),
        ({"classes": ()}, {}, "names no classes, and the loader 'onnx' can't read them"),
    ],
)  # fmt: skip
def test_accuracy_without_meaning_is_a_failed_row(change, sets, said, data, tmp_path, measured):
    result, advised = measured(conv(tmp_path, **change), data.model_copy(update=sets))
    assert result.status == "failed"
    assert said in result.reason
    assert result.get("confusion") is None
    assert "No variant can be advised" in advised


def test_a_class_map_makes_the_names_meet(data, tmp_path, measured):
    of = conv(tmp_path)
    mapped = dict(zip(small.CLASSES, NIGHT, strict=True))
    result, advised = measured(of, data.model_copy(update={"classes": NIGHT, "class_map": mapped}))
    assert (result.status, result.notes) == ("ok", ()), result.reason
    assert "onnx-onnxruntime-fp32" in advised


def test_a_partial_match_is_noted_and_has_a_fingerprint_of_its_own(data, tmp_path, cache):
    one, other = ((*small.CLASSES[:-n], *NIGHT[-n:]) for n in (1, 2))
    asked = small.suite(
        *(
            small.block(conv(tmp_path, classes=names, name=f"m{i}"), data)
            for i, names in enumerate((small.CLASSES, one, other))
        )
    )
    found = list(small.run(asked, tmp_path / "run", cache).values())
    assert [r.status for r in found] == ["ok"] * 3
    assert len({r.accuracy_fingerprint for r in found}) == 3
    assert [len(r.notes) for r in found] == [0, 1, 1]
    assert "only in the model (predictions count as void): vert, azur" in found[2].notes[0]
    assert "only in the data set (always missed): green, blue" in found[2].notes[0]


def test_a_prediction_of_nothing_but_void_is_wrong(data, tmp_path, measured):
    of = conv(
        tmp_path, bias=np.array([0, 0, 0, 9], np.float32), classes=(*small.CLASSES[:3], "dog")
    )
    result, advised = measured(of, data)
    assert result.status == "wrong"
    assert result.reason.startswith("every pixel of 3 images was predicted as void")
    assert "No variant can be advised" in advised


def test_images_that_calibrate_are_evaluated_in_no_variant(tmp_path, cache):
    root = small.pictures(tmp_path / "pictures", count=5)
    data = small.folder(root, options={"calibration_images": 2})
    asked = small.suite(small.block(conv(tmp_path), data, small.ORT, small.INT8))
    found = list(small.run(asked, tmp_path / "run", cache).values())
    assert [r.status for r in found] == ["ok", "ok"], [r.reason for r in found]
    for r in found:
        assert r.dataset.set_aside == ("p1", "p3")
        assert r.get("confusion").images == r.get("parity").images == ("p0", "p2", "p4")
        assert r.notes[0].startswith("Images set aside to calibrate quantizers: 2; the accuracy of")
        assert len(r.notes) == 1
    plain = small.suite(small.block(conv(tmp_path), small.folder(root), small.INT8))
    result = small.one(plain, tmp_path / "other", cache)
    assert result.status == "failed"
    assert "options = { calibration_images = 8 }" in result.reason


def bands(root, count):
    """The pictures of `small`, each with as many bands, as .npy; the first three are the colours."""
    for path in (root / "images").glob("*.png"):
        rgb = cv2.imread(str(path))[..., ::-1]
        np.save(path.with_suffix(".npy"), np.dstack([rgb] * 2)[..., :count])
        path.unlink()
    return root


def test_a_model_of_six_bands_counts_what_it_would_of_three(tmp_path, cache):
    plain, six = (small.pictures(tmp_path / name) for name in ("rgb", "six"))
    bands(six, 6)
    wide = np.concatenate([small.WEIGHTS * 0.25, small.WEIGHTS * 0.75], axis=1)
    pixels = Pixels(channels=6, mean=(0.0,) * 6, std=(1.0,) * 6)
    of = conv(tmp_path, weights=wide, pixels=pixels, name="six")
    plain_model = small.model(small.conv_graph(tmp_path / "plain.onnx"))
    asked = small.suite(
        small.block(plain_model, small.folder(plain)), small.block(of, small.folder(six, "bands"))
    )
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert (first.status, second.status) == ("ok", "ok"), second.reason
    run = read_run(tmp_path / "run")
    mine, theirs = (run.arrays(r.get("confusion").arrays) for r in (first, second))
    assert all(np.array_equal(mine[k], theirs[k]) for k in mine)
    assert run.media(second.get("gallery").panels[0].input)


@pytest.mark.parametrize("count", [1, 4, 6])
def test_images_of_other_channels_than_the_models_are_refused_by_name(
    count, data, tmp_path, measured
):
    bands(tmp_path / "pictures", count)
    result, _ = measured(conv(tmp_path), data)
    assert result.status == "failed"
    assert f"images/p0.npy has {count} channels, and model 'conv' takes 3." in result.reason


def test_a_value_outside_the_table_is_named_and_counted(data, tmp_path, measured):
    path = tmp_path / "pictures" / "masks" / "p1.png"
    mask = cv2.imread(str(path), -1)
    mask[0, 5:12] = 77
    cv2.imwrite(str(path), mask)
    result, _ = measured(conv(tmp_path), data)
    assert result.status == "failed"
    assert "masks/p1.png holds the value 77, which is no class, in 7 pixels." in result.reason
