import numpy as np
import pytest

from bench.metrics import bootstrap
from bench.tasks.base import mean, ratio


def sets(seed=0, units=9, classes=4):
    """Intersection and union of two variants, int64 (units, classes), with absent classes."""
    rng = np.random.default_rng(seed)
    union = rng.integers(0, 900, (units, classes)) * (rng.random((units, classes)) < 0.8)
    hit = (union * rng.random(union.shape)).astype(np.int64)
    other = (hit * 0.9).astype(np.int64)
    return (hit, union), (other, union + rng.integers(0, 5, union.shape) * (union > 0))


def plain(a, b, weights):
    """Difference of each class and of the mean, with errors, of one resample, by the formula."""
    n, z, values = len(weights), [], []
    for hit, union in (a, b):
        total = (weights[:, None] * union).sum(0).astype(float)
        iou = ratio((weights[:, None] * hit).sum(0).astype(float), total)
        z.append(
            np.where(total > 0, (hit - np.nan_to_num(iou) * union) / np.where(total, total, 1), 0)
        )
        values.append(iou)
    shares = [1 / np.sum(~np.isnan(v)) for v in values]
    each = np.sqrt(n / (n - 1) * (weights[:, None] * (z[0] - z[1]) ** 2).sum(0))
    together = (z[0] * shares[0] - z[1] * shares[1]).sum(1)
    whole = np.sqrt(n / (n - 1) * (weights * together**2).sum())
    return values[0] - values[1], each, mean(values[0]) - mean(values[1]), whole


def both(a, b):
    """Differences of the classes and of their mean."""
    return bootstrap.each_difference(a, b, 0.95), bootstrap.mean_difference(a, b, 0.95)


def test_vectors_give_what_the_formula_gives_one_resample_at_a_time(monkeypatch):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 300)
    monkeypatch.setattr(bootstrap, "ENOUGH", 100)
    bootstrap._weights.cache_clear()
    a, b = sets()
    each, whole = both(a, b)
    weights = bootstrap._weights(9)
    assert (weights.sum(1) == 9).all()
    found = [plain(a, b, w) for w in weights]
    np.testing.assert_allclose(each.value, found[0][0])
    np.testing.assert_allclose(each.error, found[0][1])
    assert whole.value[0] == pytest.approx(found[0][2])
    assert whole.error[0] == pytest.approx(found[0][3])
    quotients = [abs(f[2] - found[0][2]) / f[3] for f in found[1:] if f[3] > 0]
    assert whole.critical[0] == pytest.approx(np.quantile(quotients, 0.95))
    quotients = [abs(f[0][0] - found[0][0][0]) / f[1][0] for f in found[1:] if f[1][0] > 0]
    assert each.critical[0] == pytest.approx(np.quantile(quotients, 0.95))
    bootstrap._weights.cache_clear()


def test_equal_variants_have_no_scatter(monkeypatch):
    a, _ = sets()
    found = both(a, a)
    monkeypatch.setattr(np, "array_equal", lambda *_: False)
    for quick, slow in zip(found, both(a, a), strict=True):
        np.testing.assert_array_equal(
            [quick.value, quick.error, quick.critical], [slow.value, slow.error, slow.critical]
        )
    each, whole = found
    assert (each.value == 0).all()
    assert (each.error == 0).all()
    assert np.isnan(whole.critical).all()


def test_the_same_resamples_every_time():
    a, b = sets()
    first = both(a, b)[1]
    bootstrap._weights.cache_clear()
    assert both(a, b)[1].critical == first.critical
