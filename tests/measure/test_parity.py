import numpy as np
import pytest

from bench.measure.parity import compare, measurement, with_map, write_reference
from bench.tasks.semantic import SemanticTask

TASK = SemanticTask()


def outputs(rng, noise=0.0, base=None):
    if base is None:
        return {
            "class_logits": rng.normal(size=(1, 5, 4)).astype(np.float32),
            "mask_logits": rng.normal(size=(1, 5, 6, 8)).astype(np.float32),
        }
    return {k: (v + noise * rng.normal(size=v.shape)).astype(np.float32) for k, v in base.items()}


def test_the_sums_are_numpys(tmp_path):
    rng = np.random.default_rng(0)
    compared, wants, founds, labels = [], [], [], []
    for i in range(3):
        want = outputs(rng)
        found = outputs(rng, 0.1, want)
        truth = rng.integers(0, 4, (12, 16)).astype(np.uint8)
        mine = np.where(rng.random(truth.shape) < 0.2, (truth + 1) % 4, truth).astype(np.uint8)
        write_reference(TASK, tmp_path, i, truth, want if i < 2 else None)
        compared.append(compare(TASK, tmp_path, i, mine, found))
        wants.append(with_map(want))
        founds.append(with_map(found))
        labels.append((truth, mine))
    made = measurement("torch-fp32", ("a", "b", "c"), compared)
    assert made.images == ("a", "b", "c")
    assert made.equal == tuple(int((t == m).sum()) for t, m in labels)
    assert made.total == (192,) * 3
    assert set(made.outputs) == {"class_logits", "mask_logits", "map"}
    for name, sums in made.outputs.items():
        for i in range(2):
            a, b = founds[i][name].astype(float), wants[i][name].astype(float)
            assert sums.squared_error[i] == pytest.approx(((a - b) ** 2).sum(), rel=1e-12)
            assert sums.squared_reference[i] == pytest.approx((b**2).sum(), rel=1e-12)
            assert sums.largest_error[i] == np.abs(a - b).max()
        assert len(sums.squared_error) == 2
        assert sums.non_finite == (0, 0)


def test_values_that_are_not_finite_are_counted_and_left_out(tmp_path):
    want = {"logits": np.ones((1, 2, 2, 2), np.float32)}
    found = {"logits": np.full((1, 2, 2, 2), 3, np.float32)}
    found["logits"][0, 0, 0] = (np.nan, np.inf)
    labels = np.zeros((2, 2), np.uint8)
    write_reference(TASK, tmp_path, 0, labels, want)
    compared = compare(TASK, tmp_path, 0, labels, found)
    sums = measurement("r", ("a",), [compared]).outputs["logits"]
    assert (sums.non_finite, sums.squared_error, sums.squared_reference) == ((2,), (24.0,), (6.0,))


def test_images_that_the_reference_did_not_reach_are_left_out(tmp_path):
    labels = np.zeros((2, 2), np.uint8)
    write_reference(TASK, tmp_path, 1, labels, None)
    found = [compare(TASK, tmp_path, i, labels, {"labels": labels[None]}) for i in range(3)]
    assert [c is None for c in found] == [True, False, True]
    made = measurement("r", ("a", "b", "c"), found[1:2])
    assert (made.images, made.equal, made.outputs) == (("b",), (4,), {})


def test_a_reference_that_is_not_finite_leaves_finite_sums(tmp_path):
    rng = np.random.default_rng(2)
    want = outputs(rng)
    broken = {k: v.copy() for k, v in want.items()}
    broken["class_logits"][0, 0, 0] = -np.inf
    labels = np.zeros((12, 16), np.uint8)
    write_reference(TASK, tmp_path, 0, labels, broken)
    compared = compare(TASK, tmp_path, 0, labels, want)
    sums = measurement("torch-fp32", ("a",), [compared]).outputs["class_logits"]
    assert np.isfinite([*sums.squared_error, *sums.squared_reference, *sums.largest_error]).all()
    assert sums.non_finite == (0,)


def test_fewer_queries_are_compared_by_their_combined_map(tmp_path):
    want = outputs(np.random.default_rng(0))
    labels = np.zeros((2, 2), np.uint8)
    write_reference(TASK, tmp_path, 0, labels, want)
    found = {name: array[:, :3] for name, array in want.items()}
    compared = compare(TASK, tmp_path, 0, labels, found)
    assert set(compared.sums) == {"map"}
