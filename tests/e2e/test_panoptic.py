"""A panoptic suite from its TOML file to its card: two variants on a few small scenes; and one of them
judged by AP."""

from __future__ import annotations

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from bench.datasets.scenes.loader import ScenesLoader
from bench.record.store import read_run
from bench.suite.load import load_suite

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


ONNX, TORCH = "onnx-onnxruntime-fp32", "torch-fp32"
SUITE = """
name = "few"
title = "A few scenes, panoptic"

[protocol]
task = "panoptic"
images = 4
parity_images = 2
gallery_images = 1
warmup = 1
iterations = 2
median_width = inf
work = false
ceiling = false

[[block]]
model = "mask2former-micro-panoptic"
dataset = "small"
targets = ["cpu-1-thread"]
variants = ["torch-fp32", "onnx-onnxruntime-fp32"]

[dataset.small]
loader = "scenes"
options = { height = 128, width = 256, count = 4 }
"""


def segbench(*words: object) -> str:
    command = [sys.executable, "-m", "bench", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory, cache):
    made = tmp_path_factory.mktemp("panoptic")
    (made / "few.toml").write_text(SUITE)
    (made / "said.txt").write_text(segbench("run", made / "few.toml", "--out", made / "run"))
    return made


@pytest.fixture(scope="module")
def shown(folder):
    return {
        c["id"].split("/")[1]: c
        for c in json.loads(segbench("show", folder / "run", "--json"))["cases"]
    }


def test_both_variants_have_a_pq_and_its_difference(shown):
    for found in shown.values():
        assert found["status"] == "ok"
        metrics = found["metrics"]
        assert 0.15 < metrics["pq"] < 0.9
        assert metrics["pq_things"] < metrics["pq_stuff"]
        low, high = found["intervals"]["pq"]
        assert low < metrics["pq"] < high
    assert abs(shown[ONNX]["metrics"]["pq_difference"]) < 0.01
    assert shown[ONNX]["metrics"]["agreement"] > 0.99


def test_pq_is_that_of_the_ground_truth(folder, cache, shown):
    """Segments of the record, counted again from the set's own files."""
    (block,) = load_suite(str(folder / "few.toml")).blocks
    images = ScenesLoader().open(block.dataset, cache)
    expected = [images.segments(i) for i in range(4)]
    for result in read_run(folder / "run").results:
        found = result.get("segments")
        arrays = read_run(folder / "run").arrays(found.arrays)
        # Each segment of the ground truth is either matched or missed, as none is a crowd.
        for i, truth in enumerate(expected):
            here = (arrays["image"] == i) & (arrays["outcome"] != 1)
            assert sorted(arrays["class_index"][here]) == sorted(truth.classes)
        matched = arrays["outcome"] == 0
        iou = arrays["intersection"][matched] / arrays["union"][matched]
        assert ((iou > 0.5) & (iou <= 1)).all()


def test_table_and_card_speak_of_pq(folder):
    said = (folder / "said.txt").read_text()
    assert "PQ %" in said
    assert "mIoU" not in said
    segbench("card", folder / "run")
    card = (folder / "run" / "card.md").read_text()
    assert "| PQ (%, 95 % interval)" in card
    assert "mIoU" not in card


def test_a_run_is_unchanged_against_itself(folder):
    found = json.loads(segbench("gate", folder / "run", "--baseline", folder / "run", "--json"))
    assert found["outcome"] == "open"
    kinds = {v["metric"]: v["kind"] for v in found["verdicts"]}
    assert {kinds[name] for name in ("status", "pq", "agreement")} == {"unchanged"}
    assert not [name for name in kinds if "iou" in name]


def test_gallery_shows_classes_and_the_borders_of_segments(folder):
    (one, _) = read_run(folder / "run").results
    (panel,) = one.get("gallery").panels
    truth = cv2.imread(str(folder / "run" / "media" / panel.truth), cv2.IMREAD_UNCHANGED)
    assert truth.shape == (128, 256)
    assert len(np.unique(truth)) > 5


def test_the_same_model_is_judged_by_ap(folder):
    """Its only variant is its own reference, so that no torch is needed."""
    text = SUITE.replace('task = "panoptic"', 'task = "instance"').replace('["torch-fp32", ', "[")
    (folder / "objects.toml").write_text(f'reference = "{ONNX}"\n{text}')
    run = folder / "objects"
    assert "AP %" in segbench("run", folder / "objects.toml", "--out", run)
    (result,) = read_run(run).results
    assert result.status == "ok"
    found, masks = result.get("detections"), result.get("masks")
    arrays = read_run(run).arrays(found.arrays)
    assert masks.sizes == ((128, 256),) * 4
    assert (arrays["matched"][arrays["truth"] == 0] > 0).any()
    assert result.environment.versions["pycocotools"]
    (shown,) = json.loads(segbench("show", run, "--json"))["cases"]
    low, high = shown["intervals"]["ap"]
    assert shown["metrics"]["ap"] < shown["metrics"]["ap50"] < 1
    assert low < shown["metrics"]["ap"] < high
    gate = json.loads(segbench("gate", run, "--baseline", run, "--json"))
    kinds = {v["metric"]: v["kind"] for v in gate["verdicts"]}
    assert kinds["ap"] == kinds["ap.car"] == "unchanged"
    segbench("card", run)
    card = (run / "card.md").read_text()
    assert "| AP (%, 95 % interval)" in card
    assert "mIoU" not in card
