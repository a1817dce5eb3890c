"""mIoU while training: whole scenes, half resolution upsampled, no record and no protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bench.models import micro
from bench.train import data

if TYPE_CHECKING:
    from pathlib import Path

    from bench.train.recipe import Recipe

MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def validate(model: Any, recipe: Recipe, work: Path) -> float:
    """mIoU, fraction, of the validation scenes."""
    images, labels = data.open_store(work, recipe, "val", recipe.validation_scenes)
    n = micro.NUM_LABELS
    counts = np.zeros((n, n), np.int64)
    model.eval()
    for image, truth in zip(images, labels, strict=True):
        x = torch.from_numpy(image.astype(np.float32).transpose(2, 0, 1) / 255.0)
        with torch.no_grad():
            outputs = model(pixel_values=((x - MEAN) / STD)[None])
        up = torch.nn.functional.interpolate(_map(outputs, recipe), truth.shape, mode="bilinear")
        found = up.argmax(1)[0].numpy()
        keep = truth != data.IGNORE
        pairs = truth[keep].astype(np.int64) * n + found[keep]
        counts += np.bincount(pairs, minlength=n * n).reshape(n, n)
    hit = np.diag(counts)
    union = counts.sum(0) + counts.sum(1) - hit
    return float((hit[union > 0] / union[union > 0]).mean())


def _map(outputs: Any, recipe: Recipe) -> torch.Tensor:
    """Class map, float32 (1, 19, h, w): logits, or class times mask summed over queries."""
    if recipe.model == "segformer-micro":
        logits: torch.Tensor = outputs.logits
        return logits
    return torch.einsum(
        "bqc,bqhw->bchw",
        outputs.class_queries_logits.softmax(-1)[..., : micro.NUM_LABELS],
        outputs.masks_queries_logits.sigmoid(),
    )
