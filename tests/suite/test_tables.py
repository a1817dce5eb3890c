from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bench import registry
from bench.errors import SuiteError, UnknownName
from bench.resources import suites_dir
from bench.suite.classes import CITYSCAPES
from bench.suite.tables import Tables, TablesFile, inline, tables


def defined(folder: Path, **parts: dict) -> Tables:
    return inline(TablesFile(**parts), folder)


def test_shipped_tables_know_themselves() -> None:
    known = tables()
    for name in Tables._fields:
        table = getattr(known, name)
        assert table
        assert all(thing.name == key for key, thing in table.items())
        assert all(thing.about for thing in table.values()), f"every one of {name} has prose"
    assert all(v.slug == key for key, v in known.variants.items())


def test_no_name_is_shipped_twice() -> None:
    known = tables()
    for name in Tables._fields:
        folder = suites_dir()
        files = [*folder.glob(f"{name}.toml"), *folder.glob(f"{name}/*.toml")]
        defined = [key for f in files for key in tomllib.loads(f.read_text())[name[:-1]]]
        assert sorted(defined) == sorted(getattr(known, name))


def test_quantizers_that_calibrate_say_on_what() -> None:
    for variant in tables().variants.values():
        needs = any(registry.load("exporter", s.name).calibrates for s in variant.steps)
        assert needs == (variant.calibration is not None), variant.name


def test_camvid_gives_every_cityscapes_class_a_place() -> None:
    camvid = tables().datasets["camvid"]
    assert camvid.ignore_index == len(camvid.classes) == 11
    assert set(camvid.class_map.values()) <= set(camvid.classes)
    for info in CITYSCAPES:
        assert camvid.class_map.get(info.name, info.name) in camvid.classes


def test_coco_has_its_things_first() -> None:
    coco = tables().datasets["coco-panoptic"]
    assert len(set(coco.classes)) == 133
    assert coco.classes[:80] == coco.things == coco.thing_classes


def test_the_published_architecture_is_whole() -> None:
    config = tables().models["mask2former-swin-large-cityscapes"].config
    assert (config["model_type"], config["num_labels"], config["num_queries"]) == (
        "mask2former",
        19,
        100,
    )
    assert config["backbone_config"]["depths"] == [2, 2, 18, 2]


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    made = defined(
        tmp_path,
        model={
            "folder": {"source": "folder", "location": "w"},
            "hub": {"source": "hub", "location": "a/b"},
            "file": {
                "loader": "onnx",
                "source": "file",
                "location": "/abs/m.onnx",
                "onnx": {"name": "x", "height": 2, "width": 2, "logits": "y"},
            },
        },
        dataset={
            "near": {"loader": "folder", "root": "../photos"},
            "none": {"loader": "cityscapes"},
        },
    )
    assert made.models["folder"].location == str(tmp_path / "w")
    assert made.models["hub"].location == "a/b"
    assert made.models["file"].location == "/abs/m.onnx"
    assert Path(made.datasets["near"].root or "").resolve() == tmp_path.parent / "photos"
    assert made.datasets["none"].root is None


def test_a_variant_is_called_by_its_slug(tmp_path: Path) -> None:
    form = {"format": "onnx", "backend": "onnxruntime", "precision": "fp32"}
    with pytest.raises(SuiteError, match=r"variant\.fast must be called 'onnx-onnxruntime-fp32'"):
        defined(tmp_path, variant={"fast": form})


@pytest.mark.parametrize(
    ("table", "entry", "said"),
    [
        ("variant", {"torch-tourch-fp32": {"format": "torch", "backend": "tourch",
                                           "precision": "fp32"}}, "backend.*'torch'"),
        ("variant", {"onnx-onnxruntime-fp32": {
            "format": "onnx", "backend": "onnxruntime", "precision": "fp32",
            "steps": [{"name": "onyx"}]}}, r"steps\[1\]\.name.*'onnx'"),
        ("model", {"m": {"loader": "transformer", "source": "hub", "location": "a/b"}},
         "loader.*'transformers'"),
        ("target", {"t": {"device": "cdua"}}, "device.*'cuda'"),
        ("dataset", {"d": {"loader": "foldr"}}, "loader.*'folder'"),
    ],
)  # fmt: skip
def test_unregistered_names_are_refused(tmp_path: Path, table, entry, said) -> None:
    with pytest.raises(UnknownName, match=said):
        defined(tmp_path, **{table: entry})


@pytest.mark.parametrize(
    ("table", "entry", "said"),
    [
        ("target", {"t": {"name": "u"}}, "own key is its name"),
        ("target", {"a/b": {}}, "can't be a name"),
        ("target", {"t": {"requires": {"gpu": "H200("}}}, "no regular expression"),
        ("target", {"t": {"requires": {"gpus": "H200"}}}, r"target\.t\.requires .*'gpu'"),
        ("target", {"t": {"threads": 1.5}}, r"target\.t\.threads = 1\.5"),
        ("model", {"m": {"source": "seeded", "location": "x"}}, "no seed"),
        ("model", {"m": {"source": "hug", "location": "x"}}, r"model\.m\.source .*'hub'"),
        ("model", {"m": {"source": "hub", "location": "x", "pixels": {"mean": [1.0, 2.0]}}},
         r"model\.m\.pixels"),
        ("variant", {"torch-fp32": {"format": "torch", "backend": "torch", "precision": "fp23"}},
         "'fp32'"),
    ],
)  # fmt: skip
def test_wrong_definitions_are_refused(tmp_path: Path, table, entry, said) -> None:
    with pytest.raises(SuiteError, match=said):
        defined(tmp_path, **{table: entry})


def test_patterns_of_the_named_machines_find_them() -> None:
    import re

    known = tables().targets
    names = {
        "nvidia-h200": ("gpu", "NVIDIA H200", "NVIDIA GH200 480GB"),
        "nvidia-a100": ("gpu", "NVIDIA A100-SXM4-80GB", "NVIDIA A100-SXM4-80GB MIG 3g.40gb"),
        "nvidia-v100": ("gpu", "Tesla V100-SXM2-16GB", "NVIDIA H100 PCIe"),
        "ryzen-9-7950x": ("processor", "AMD Ryzen 9 7950X 16-Core Processor", "AMD EPYC 7763"),
        "core-i9": ("processor", "13th Gen Intel(R) Core(TM) i9-13900K", "Intel(R) Xeon(R)"),
        "jetson-orin": ("gpu", "Orin", "NVIDIA A100"),
        "raspberry-pi-5": ("processor", "Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 4 Model B"),
    }
    for name, (part, yes, no) in names.items():
        pattern = getattr(known[name].requires, part)
        assert re.search(pattern, yes, re.IGNORECASE), name
        assert not re.search(pattern, no, re.IGNORECASE), name


def test_names_of_other_label_lists_lead_to_the_classes_of_ade20k() -> None:
    data = tables().datasets["ade20k"]
    told = {
        "window ": "windowpane", "bed ": "bed", "road, route": "road", "tub": "bathtub",
        "tv": "television receiver", "floor, flooring": "floor", "sky": "sky",
    }  # fmt: skip
    assert {name: data.namesake(name) for name in told} == told
