from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from bench.train import losses

CLASSES = 3
TRUTH = torch.zeros(1, 16, 32, dtype=torch.long)
TRUTH[:, :, 16:] = 1
TRUTH[:, :2] = losses.IGNORE
WEIGHT = torch.ones(CLASSES)


def segformer(scale):
    logits = torch.zeros(1, CLASSES, 4, 8)
    logits[:, 0, :, :4] = scale
    logits[:, 1, :, 4:] = scale
    return SimpleNamespace(logits=logits)


def mask2former(scale):
    names = torch.zeros(1, CLASSES + 1, CLASSES + 1)
    for query, name in enumerate((0, 1, CLASSES, CLASSES)):
        names[0, query, name] = scale
    masks = torch.full((1, CLASSES + 1, 4, 8), -float(scale))
    masks[:, 0, :, :4] = scale
    masks[:, 1, :, 4:] = scale
    return SimpleNamespace(
        pixel_decoder_last_hidden_state=torch.zeros(1, CLASSES, 4, 8),
        auxiliary_logits=[{"class_queries_logits": names, "masks_queries_logits": masks}],
        class_queries_logits=names,
        masks_queries_logits=masks,
    )


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [(losses.segformer_loss, segformer), (losses.mask2former_loss, mask2former)],
)
def test_right_answer_costs_less_than_a_shrug_and_a_shrug_less_than_a_wrong_one(loss, outputs):
    right, shrug, wrong = (
        float(loss(outputs(scale), torch.nn.Identity(), TRUTH, WEIGHT)) for scale in (8, 0, -8)
    )
    assert right < shrug < wrong


def test_void_labels_cost_nothing():
    other = TRUTH.clone()
    logits = segformer(4)
    logits.logits[:, :, 0] = -50.0
    logits.logits[:, 2, 0] = 50.0
    void = other.clone()
    void[:, :4] = losses.IGNORE
    seen = losses.segformer_loss(logits, torch.nn.Identity(), other, WEIGHT)
    hidden = losses.segformer_loss(logits, torch.nn.Identity(), void, WEIGHT)
    assert hidden < seen
