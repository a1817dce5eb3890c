from __future__ import annotations

import json

import pytest
import torch
from transformers import Mask2FormerForUniversalSegmentation

from bench.models import micro
from bench.models.transformers import TransformersLoader
from bench.resources import weights_dir
from bench.suite.classes import CITYSCAPES
from bench.suite.model import Model

NAME = "mask2former-micro-panoptic"


def test_every_query_of_a_class_is_a_shifted_copy_of_its_query_in_the_start():
    torch.manual_seed(0)
    model = micro.mask2former_micro_panoptic("mask2former-micro")
    start = Mask2FormerForUniversalSegmentation.from_pretrained(weights_dir() / "mask2former-micro")
    table = model.model.transformer_module.queries_features.weight
    first = start.model.transformer_module.queries_features.weight
    assert table.requires_grad
    assert table.shape == (sum(micro.SLOTS), first.shape[1])
    owner = torch.cdist(table, first).argmin(1).tolist()
    assert owner == [c for c, n in enumerate(micro.SLOTS) for _ in range(n)]
    assert len({tuple(row.tolist()) for row in table}) == len(table)


def test_slots_give_several_queries_to_the_classes_with_instances_alone():
    assert [n > 1 for n in micro.SLOTS] == [c.has_instances for c in CITYSCAPES]


@pytest.mark.parametrize("size", [(256, 512), (128, 256)])
def test_shipped_panoptic_model_loads_and_draws(size):
    folder = weights_dir() / NAME
    model = Mask2FormerForUniversalSegmentation.from_pretrained(folder).eval()
    assert model.config.id2label == {c.train_id: c.name for c in CITYSCAPES}
    assert json.loads((folder / "recipe.json").read_text())["model"] == NAME
    assert (folder / "model.safetensors").stat().st_size < 12_000_000
    with torch.no_grad():
        out = model(pixel_values=torch.zeros(1, 3, *size))
    assert out.class_queries_logits.shape == (1, sum(micro.SLOTS), micro.NUM_LABELS + 1)
    assert out.masks_queries_logits.shape[2:] == (size[0] // 4, size[1] // 4)


def test_parameters_of_seeded_weights_are_counted_without_building_them():
    config = {
        "model_type": "segformer", "hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1],
        "num_attention_heads": [1, 1, 1, 1], "decoder_hidden_size": 8, "num_labels": 3,
    }  # fmt: skip
    spec = Model(name="tiny", source="seeded", location="none", seed=1, config=config)
    loader = TransformersLoader()
    built = loader.build(spec).parameters()
    assert loader.parameter_bytes(spec) == sum(p.numel() * p.element_size() for p in built)
