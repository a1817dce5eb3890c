from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.datasets.base import VOID
from bench.datasets.decode import png
from bench.datasets.values import Values
from bench.errors import DatasetError
from bench.suite.dataset import Dataset

COLOURS = {"sky": [128, 128, 128], "road": [[128, 64, 128], [0, 0, 142]]}


def _values(ignore_index: int = 255, **options: object) -> Values:
    spec = Dataset(
        name="m",
        loader="folder",
        classes=("sky", "road"),
        ignore_index=ignore_index,
        options=options,
    )
    return Values(spec)


def test_indices_may_begin_elsewhere_than_at_zero(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    path.write_bytes(png(np.array([[0, 1, 2]], np.uint8)))
    shifted = _values(ignore_index=0, index_shift=1)
    assert shifted.read(path).tolist() == [[VOID, 0, 1]]
    with pytest.raises(DatasetError, match="holds the value 2, which is no class, in 1 pixels"):
        _values().read(path)  # never by accident
    # Masks that were shifted already hold 255, which the declared shift doesn't know.
    path.write_bytes(png(np.array([[0, 1, 255]], np.uint8)))
    with pytest.raises(
        DatasetError, match=r"value 255, .*Classes are 1 to 2, the ignored index is 0"
    ):
        shifted.read(path)


def test_colours_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    pixels = [[[128, 128, 128], [128, 64, 128], [0, 0, 142], [0, 0, 0]]]
    path.write_bytes(png(np.array(pixels, np.uint8)))
    assert _values(colours=COLOURS, ignored_colours=[[0, 0, 0]]).read(path).tolist() == [
        [0, 1, 1, VOID]
    ]
    with pytest.raises(DatasetError, match=r"m\.png holds the colour \[0, 0, 0\].* in 1 pixels\."):
        _values(colours=COLOURS).read(path)


def test_colours_of_a_palette_are_read_too(tmp_path: Path) -> None:
    mask = Image.new("P", (3, 2), 1)
    mask.putpalette([1, 2, 3, 128, 64, 128])
    mask.save(tmp_path / "m.png")
    assert np.all(_values(colours=COLOURS).read(tmp_path / "m.png") == 1)


def test_of_several_strange_colours_the_most_frequent_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    path.write_bytes(png(np.array([[[9, 9, 9], [7, 8, 9], [7, 8, 9]]], np.uint8)))
    with pytest.raises(
        DatasetError, match=r"colour \[7, 8, 9\], .* in 2 pixels \(1 more such colours"
    ):
        _values(colours=COLOURS).read(path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"colours": {"sky": [1, 2, 3]}}, "without one for the class 'road'"),
        ({"colours": {**COLOURS, "rod": [1, 2, 3]}}, r"'rod', which is no class of it.*road"),
        ({"colours": {"sky": [1, 2, 3], "road": [1, 2, 3]}}, r"\[1, 2, 3\] to 'sky' and to 'road'"),
        ({"colours": {**COLOURS, "sky": [1, 2, 256]}}, r"'colours.sky' .* is \[1, 2, 256\]"),
        ({"colours": {**COLOURS, "sky": [1, 2]}}, r"is 1\. A colour is|is \[1, 2\]"),
        ({"colours": [1, 2, 3]}, "It is a table"),
        ({"colours": COLOURS, "index_shift": 1}, "has colours and an index_shift"),
        ({"ignored_colours": [[0, 0, 0]]}, "has ignored_colours and no colours"),
        ({"index_shift": 255}, "2 classes from 255 on end above 255"),
        ({"index_shift": True}, "'index_shift' is True"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        _values(**options)


def test_what_a_suite_declares_of_the_values_is_part_of_the_content() -> None:
    assert _values().meaning == ""
    assert _values(index_shift=1).meaning != _values(colours=COLOURS).meaning != ""
