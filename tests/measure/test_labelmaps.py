import numpy as np
import pytest

from bench.datasets.base import VOID
from bench.errors import BadInput, DatasetError
from bench.measure.labelmaps import meaning_of, pair
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset

SPEC = Dataset(name="cityscapes", loader="cityscapes")


def test_label_ids_mean_classes_and_the_rest_is_void():
    values = meaning_of(SPEC, None, layout=True)
    assert values.encoding == "labelIds"
    assert [values.names[i] for i in values.table[[c.label_id for c in CITYSCAPES]]] == [
        c.name for c in CITYSCAPES
    ]
    assert values.names[values.table[29]] == "caravan"
    assert values.names[values.table[30]] == "trailer"
    assert set(values.table[[0, 4, 6, 9, 14, 18, 255]].tolist()) == {VOID}
    assert len(set(values.table[34:255].tolist())) == 1


def test_class_indices_are_the_default_elsewhere():
    spec = Dataset(name="mine", loader="folder", classes=("a", "b"), ignore_index=7)
    values = meaning_of(spec, None, layout=False)
    assert values.encoding == "trainIds"
    assert values.table[[0, 1, 7, 255]].tolist() == [0, 1, VOID, VOID]
    assert values.table[2] not in {0, 1, VOID}
    with pytest.raises(BadInput, match="'a', for which there is no labelId"):
        meaning_of(spec, "labelIds", layout=False)


def test_names_that_begin_alike_are_kept_apart(tmp_path):
    names = ("a_1_2", "a_1_20", "a_b_1_2")
    for name in names:
        (tmp_path / f"{name}_x9.png").touch()
    assert [p.name for p in pair(tmp_path, names)] == [f"{n}_x9.png" for n in names]


def test_other_names_are_paired_whole(tmp_path):
    for name in ("a", "a_more"):
        (tmp_path / f"{name}.png").touch()
    assert pair(tmp_path, ("sub/a",)) == (tmp_path / "a.png",)
    with pytest.raises(DatasetError, match=r"2 of 3 images have none"):
        pair(tmp_path, ("a", "b", "c"))


def test_read_refuses_another_shape(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "a.png"), np.full((4, 6), 7, np.uint8))
    values = meaning_of(SPEC, None, layout=True)
    assert (values.read(tmp_path / "a.png", (4, 6)) == 0).all()
    with pytest.raises(DatasetError, match="6 x 4 pixels, its ground truth 4 x 6"):
        values.read(tmp_path / "a.png", (6, 4))
