from __future__ import annotations

import numpy as np
import pytest
import torch

from bench.segments import VOID
from bench.transforms.confidence import confidence, grid
from bench.transforms.labels import reference

SIZES = [((24, 32), (24, 32)), ((24, 32), (50, 37)), ((40, 20), (9, 6)), ((16, 16), (3, 1))]


def _outputs(kind: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    if kind == "logits":
        return {"logits": rng.normal(0, 3, (2, 4, 8, 10)).astype(np.float32)}
    return {
        "class_logits": rng.normal(0, 2, (2, 6, 5)).astype(np.float32),
        "mask_logits": rng.normal(0, 2, (2, 6, 8, 10)).astype(np.float32),
    }


def _resize(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _plainly(
    outputs: dict[str, np.ndarray], inner: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Probability of each class at each pixel of the image, in torch, on whole maps."""
    of = {k: torch.from_numpy(v[:1]) for k, v in outputs.items()}
    if "logits" in of:
        return _resize(of["logits"], size)[0].softmax(0).numpy()
    masks = _resize(of["mask_logits"], inner).sigmoid()
    combined = torch.einsum("bqc,bqhw->bchw", of["class_logits"].softmax(-1)[..., :-1], masks)
    found = _resize(combined, size)[0]
    return (found / found.sum(0)).numpy()


@pytest.mark.parametrize("kind", ["logits", "masks"])
@pytest.mark.parametrize(("inner", "size"), SIZES)
def test_is_the_largest_probability_of_the_whole_map(
    kind: str, inner: tuple[int, int], size: tuple[int, int]
) -> None:
    outputs, at = _outputs(kind), np.ix_(*grid(size))
    labels, sure = confidence(outputs, inner, size)
    expected = _plainly(outputs, inner, size)
    assert np.allclose(sure, expected.max(0)[at], atol=1e-5)
    same = labels == reference(outputs, inner, size)[at]
    # float32 rounds otherwise where two classes are nearly alike.
    close = np.diff(np.sort(expected, axis=0)[-2:], axis=0)[0][at] < 1e-5
    assert (same | close).all()


def test_the_grid_begins_half_a_step_from_the_edge() -> None:
    rows, columns = grid((17, 2))
    assert rows.tolist() == [4, 12]
    assert columns.tolist() == [1]


def test_what_is_not_a_number_has_no_confidence() -> None:
    outputs = _outputs("logits")
    outputs["logits"][0, 0, :2] = np.nan
    labels, sure = confidence(outputs, (24, 30), (24, 30))
    assert np.isnan(sure[0]).all()
    assert (labels[0] == VOID).all()
    assert np.isfinite(sure[1]).all()


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = _outputs("masks")
    whole = confidence(outputs, (24, 32), (50, 37))
    monkeypatch.setattr("bench.transforms.strips.SCRATCH", 1)
    found = confidence(outputs, (24, 32), (50, 37))
    assert np.array_equal(whole[0], found[0])
    assert np.allclose(whole[1], found[1], atol=1e-6)
