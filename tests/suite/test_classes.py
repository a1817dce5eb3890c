from __future__ import annotations

import subprocess
import sys

import pytest

from bench.suite.classes import CITYSCAPES, listed, mapped, tables

EXPECTED = (
    ("road", 7, 0, "flat", (128, 64, 128), False),
    ("sidewalk", 8, 1, "flat", (244, 35, 232), False),
    ("building", 11, 2, "construction", (70, 70, 70), False),
    ("wall", 12, 3, "construction", (102, 102, 156), False),
    ("fence", 13, 4, "construction", (190, 153, 153), False),
    ("pole", 17, 5, "object", (153, 153, 153), False),
    ("traffic light", 19, 6, "object", (250, 170, 30), False),
    ("traffic sign", 20, 7, "object", (220, 220, 0), False),
    ("vegetation", 21, 8, "nature", (107, 142, 35), False),
    ("terrain", 22, 9, "nature", (152, 251, 152), False),
    ("sky", 23, 10, "sky", (70, 130, 180), False),
    ("person", 24, 11, "human", (220, 20, 60), True),
    ("rider", 25, 12, "human", (255, 0, 0), True),
    ("car", 26, 13, "vehicle", (0, 0, 142), True),
    ("truck", 27, 14, "vehicle", (0, 0, 70), True),
    ("bus", 28, 15, "vehicle", (0, 60, 100), True),
    ("train", 31, 16, "vehicle", (0, 80, 100), True),
    ("motorcycle", 32, 17, "vehicle", (0, 0, 230), True),
    ("bicycle", 33, 18, "vehicle", (119, 11, 32), True),
)


def test_the_official_table_holds_the_nineteen_classes_that_every_record_names() -> None:
    assert tuple(tuple(c) for c in CITYSCAPES) == EXPECTED
    assert all(type(c.colour) is tuple for c in CITYSCAPES)


def test_reading_the_table_loads_nothing_else_of_its_package() -> None:
    ask = (
        "import sys, bench.suite.classes; "
        "print([m for m in sys.modules if m.split('.')[0] in {'cityscapesscripts', 'numpy', 'PIL'}])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ask], capture_output=True, text=True, check=True
    )
    helpers = "cityscapesscripts.helpers"
    assert done.stdout.split() == str(["cityscapesscripts", helpers, f"{helpers}.labels"]).split()
    assert done.stderr == ""


def test_a_table_has_its_published_number_of_classes_and_no_name_twice() -> None:
    sizes = {
        "cityscapes": 19, "ade20k": 150, "ade20k-things": 100, "coco": 80, "coco-stuff": 53,
        "coco-panoptic": 133, "voc": 21, "mapillary": 65, "mapillary-things": 37,
    }  # fmt: skip
    assert {name: len(set(found)) for name, found in tables().items()} == sizes
    assert {name: len(found) for name, found in tables().items()} == sizes
    assert set(tables()["ade20k-things"]) < set(tables()["ade20k"])
    # Places that the benchmark's own documents give: 13 is a person, 21 a car, 150 a flag.
    assert [tables()["ade20k"][i - 1] for i in (1, 13, 21, 150)] == [
        "wall",
        "person",
        "car",
        "flag",
    ]


def test_an_unknown_table_is_refused_with_the_nearest_name() -> None:
    assert listed("ade20k") == tables()["ade20k"]
    assert listed(["a", "b"]) == ("a", "b")
    with pytest.raises(ValueError, match=r"no class table 'ade20'. .*ade20k"):
        listed("ade20")
    with pytest.raises(ValueError, match=r"no class map 'coco'. .*ade20k"):
        mapped("coco")
    assert mapped({"a": "b"}) == {"a": "b"}
