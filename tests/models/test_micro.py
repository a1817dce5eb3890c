from __future__ import annotations

import torch
from transformers import Mask2FormerForUniversalSegmentation

from bench.models import micro
from bench.resources import weights_dir
from bench.spec.classes import CITYSCAPES


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
