from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets.base import VOID, content_digest
from bench.datasets.decode import png
from bench.datasets.mapillary import MapillaryLoader
from bench.errors import DatasetError
from bench.suite.dataset import Dataset

LOADER = MapillaryLoader()
LABELS = (
    ("animal--bird", "Bird", True, True),
    ("construction--flat--road", "Road", True, False),
    ("nature--sky", "Sky", True, False),
    ("void--unlabeled", "Unlabeled", False, False),
)
PIXELS = np.array([[0, 0, 1, 2], [0, 3, 1, 2]], np.uint8)
CODED = PIXELS.astype(np.uint16) * 256 + np.array([[1, 2, 5, 0], [1, 0, 7, 0]], np.uint16)


def _spec(root: Path, **more: object) -> Dataset:
    fields = {
        "classes": ("Road", "Bird"),
        "things": ("Bird",),
        "options": {"splits": {"val": "validation"}},
        **more,
    }
    return Dataset(name="m", loader="mapillary", root=str(root), **fields)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    config = [
        {"name": n, "readable": r, "evaluate": e, "instances": i, "color": [0, 0, 0]}
        for n, r, e, i in LABELS
    ]
    (tmp_path / "config.json").write_text(json.dumps({"labels": config}))
    for kind in ("images", "labels", "instances"):
        (tmp_path / "validation" / kind).mkdir(parents=True)
    Image.fromarray(np.zeros((2, 4, 3), np.uint8)).save(tmp_path / "validation/images/a.jpg")
    palette = Image.fromarray(PIXELS)
    palette.putpalette([9, 9, 9] * 4)
    palette.save(tmp_path / "validation/labels/a.png")
    (tmp_path / "validation/instances/a.png").write_bytes(png(CODED))
    return tmp_path


def test_labels_are_read_by_the_config(root: Path, tmp_path: Path) -> None:
    LOADER.prepare(_spec(root), tmp_path)
    images = LOADER.open(_spec(root), tmp_path)
    assert images.names == ("a",)
    assert images.image(0).shape == (2, 4, 3)
    expected = [[1, 1, 0, VOID], [1, VOID, 0, VOID]]  # the sky is evaluated, and not asked for
    assert images.truth(0).tolist() == expected
    assert [p.name for p in images.files(0)] == ["a.jpg", "a.png", "config.json"]
    # Technical names do as well.
    spec = _spec(
        root, classes=("construction--flat--road", "animal--bird"), things=("animal--bird",)
    )
    assert LOADER.open(spec, tmp_path).truth(0).tolist() == expected


def test_instances_are_segments(root: Path, tmp_path: Path) -> None:
    images = LOADER.open(_spec(root), tmp_path)
    found = images.segments(0)
    assert found.classes.tolist() == [1, 1, 0]  # two birds; the road is one, whatever its low byte
    assert found.ids.tolist() == [[1, 2, 3, 0], [1, 0, 3, 0]]
    assert [p.name for p in images.segment_files(0)] == ["a.png"]
    both = {content_digest(images, segments=s) for s in (False, True)}
    assert len(both) == 2
    (root / "validation/labels/a.png").write_bytes(png(CODED))  # coded label maps are read as well
    assert images.truth(0).tolist() == [[1, 1, 0, VOID], [1, VOID, 0, VOID]]
    (root / "validation/instances/a.png").unlink()
    assert images.segments(0).classes.tolist() == [1, 1, 0]
    assert images.segment_files(0) == ()


def test_palette_maps_alone_have_no_segments(root: Path, tmp_path: Path) -> None:
    (root / "validation/instances/a.png").unlink()
    assert LOADER.open(_spec(root), tmp_path).segments(0) is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"classes": ("Rod", "Bird")}, r"'Rod', which .*config\.json lacks.*\[\"Bird\", \"Road\", \"Sky\"\]"),
        ({"classes": ("Unlabeled", "Bird")}, "'Unlabeled', which .* does not evaluate"),
        ({"things": ("Road",)}, r"'Road' has no instances .*`things = \[\"Bird\"\]`"),
        ({"options": {}}, "val/images, which is not there"),
        ({"options": {"config": "../c.json"}}, "Option 'config' of data set 'm' names the path"),
        ({"options": {"config": "no.json", "splits": {"val": "validation"}}}, "no.json can't be read"),
        ({"options": {"splits": {"val": "../x"}}}, "name of a split"),
        ({"options": {"splits": ["x"]}}, "It is a table"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named(root: Path, more: dict, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        LOADER.plan_digest(_spec(root, **more))


def test_a_label_that_the_config_lacks_is_named(root: Path, tmp_path: Path) -> None:
    (root / "validation/labels/a.png").write_bytes(png(PIXELS + 1))
    with pytest.raises(
        DatasetError, match=r"a\.png holds the value 4, which is no class, in 1 pixels"
    ):
        LOADER.open(_spec(root), tmp_path).truth(0)


def test_a_damaged_config_is_named(root: Path) -> None:
    for text, said in (
        ("{}", "no key 'labels'"),
        ("[", "not a config"),
        ('{"labels": [1]}', "not a"),
    ):
        (root / "config.json").write_text(text)
        with pytest.raises(DatasetError, match=said):
            LOADER.plan_digest(_spec(root))
