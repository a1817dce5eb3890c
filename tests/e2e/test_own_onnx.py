"""Bring your own ONNX file: every key of its table changes what is measured."""

import cv2
import numpy as np
import pytest

from bench.record.store import read_run
from bench.suite.model import OnnxInput, Pixels
from bench.tasks.confusion import from_sparse
from tests import small

pytestmark = pytest.mark.e2e


@pytest.fixture
def data(tmp_path):
    return small.folder(small.pictures(tmp_path / "pictures"))


def expected(root, weights, bias, pixels, classes=4, count=3):
    """Confusion counts by numpy alone, int (N, C+1, C+1)."""
    out = np.zeros((count, classes + 1, classes + 1), int)
    for i in range(count):
        image = cv2.imread(str(root / "images" / f"p{i}.png")).astype(float)
        if pixels.channels == "rgb":
            image = image[..., ::-1]
        truth = cv2.imread(str(root / "masks" / f"p{i}.png"), -1)
        x = (image * pixels.scale - np.array(pixels.mean)) / np.array(pixels.std)
        labels = (x @ weights.T.astype(float) + bias).argmax(-1)
        np.add.at(out[i], (np.minimum(truth, classes).ravel(), labels.ravel()), 1)
    return out


def counted(result, folder, classes=4):
    found = result.get("confusion")
    return from_sparse(read_run(folder).arrays(found.arrays), len(found.images), classes)


@pytest.mark.parametrize(
    "pixels",
    [
        small.PLAIN,
        small.PLAIN.model_copy(update={"channels": "bgr"}),
        small.PLAIN.model_copy(update={"scale": 1.0}),
        Pixels(scale=1 / 255, mean=(0.5, 0.3, 0.1), std=(0.2, 0.4, 0.6)),
    ],
    ids=["rgb", "bgr", "scale", "mean and std"],
)
def test_pixels_are_fed_as_the_suite_says(pixels, data, tmp_path, cache):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"), pixels=pixels)
    result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
    assert result.status == "ok", result.reason
    got = counted(result, tmp_path / "run")
    want = expected(tmp_path / "pictures", small.WEIGHTS, small.BIAS, pixels)
    # Float32 against float64: a pixel on the border of two classes may fall either way.
    assert np.abs(got - want).sum() <= 4
    plain = expected(tmp_path / "pictures", small.WEIGHTS, small.BIAS, small.PLAIN)
    assert pixels == small.PLAIN or np.abs(want - plain).sum() > 100


def test_names_sizes_and_labels_are_the_files_own(data, tmp_path, cache):
    path = small.conv_graph(
        tmp_path / "conv.onnx", names=("in put", "out.put"), labels=True, size=(16, 32)
    )
    table = OnnxInput(name="in put", height=16, width=32, logits="out.put")
    of = small.model(path, onnx=table)
    result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
    assert result.status == "ok", result.reason
    assert result.get("parity").equal == result.get("parity").total
    assert not result.get("parity").outputs
    assert counted(result, tmp_path / "run").sum() == 3 * small.SIZE[0] * small.SIZE[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "pictures"}, "no input called 'pictures'. Did you mean 'picture'?"),
        ({"logits": "score"}, "no output called 'score'. Did you mean 'scores'?"),
        ({"height": 64}, "has shape [1, 3, 32, 64]; the case feeds [1, 3, 64, 64]"),
    ],
)
def test_a_wrong_table_is_a_sentence(change, said, data, tmp_path, cache):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    of = of.model_copy(update={"onnx": of.onnx.model_copy(update=change)})
    result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
    assert result.status == "failed"
    assert said in result.reason


def test_class_map_leads_to_the_sets_own_classes(tmp_path, cache):
    data = small.folder(
        small.pictures(tmp_path / "pictures"),
        classes=("night", "rouge", "vert", "azur"),
        class_map={"dark": "night", "red": "rouge", "blue": "azur"},
    )
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    result = small.one(small.suite(small.block(of, data)), tmp_path / "run", cache)
    got = counted(result, tmp_path / "run").sum(0)
    want = expected(tmp_path / "pictures", small.WEIGHTS, small.BIAS, small.PLAIN).sum(0)
    # "green" has no namesake: its predictions are void.
    want[:, 4] += want[:, 2]
    want[:, 2] = 0
    assert np.abs(got - want).sum() <= 4


def test_a_batch_of_two_gives_the_same_counts(data, tmp_path, cache):
    one = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    two = small.model(small.conv_graph(tmp_path / "two.onnx", batch=2), "two")
    asked = small.suite(
        small.block(one, data),
        small.block(two, data, protocol=small.QUICK.model_copy(update={"batch_size": 2})),
    )
    first, second = small.run(asked, tmp_path / "run", cache).values()
    assert second.status == "ok", second.reason
    np.testing.assert_array_equal(
        counted(first, tmp_path / "run"), counted(second, tmp_path / "run")
    )
    assert second.get("timing").batch_size == 2


@pytest.mark.parametrize("variant", [small.INT8, small.OPENVINO], ids=lambda v: v.slug)
def test_every_recipe_that_begins_with_onnx_takes_it(variant, data, tmp_path, cache):
    pytest.importorskip(variant.backend)
    small.pictures(tmp_path / "both", split="train", seed=5)
    split = small.folder(small.pictures(tmp_path / "both", split="val"))
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    result = small.one(small.suite(small.block(of, split, variant)), tmp_path / "run", cache)
    assert result.status == "ok", result.reason
    assert [s.name for s in result.artifact.steps] == [s.name for s in variant.steps]
    assert set(result.get("parity").outputs) == {"logits", "map"}
