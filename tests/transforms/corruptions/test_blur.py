import numpy as np
import pytest

from bench.transforms.corruptions import blur

EDGE = np.zeros((80, 120, 3), np.uint8)
EDGE[:, 40:] = 200
RULES = (blur.defocus_blur, blur.glass_blur, blur.motion_blur, blur.zoom_blur, blur.gaussian_blur)


@pytest.mark.parametrize("rule", RULES)
def test_blur_softens_an_edge_and_keeps_plain_parts(rule):
    found = rule(EDGE, 3, np.random.default_rng(0)).astype(int)
    assert np.abs(np.diff(found[40, :, 0])).max() < 150
    assert (found[40, :10] == 0).all()
    assert (found[40, -10:] == 200).all()


def test_a_disk_spreads_a_point_over_its_area():
    point = np.zeros((41, 41, 3), np.uint8)
    point[20, 20] = 255
    lit = blur.defocus_blur(point, 1, np.random.default_rng(0))[..., 0] > 0
    rows, columns = np.nonzero(lit)
    assert ((rows - 20) ** 2 + (columns - 20) ** 2).max() <= 4**2 + 1


def test_frosted_glass_draws_from_the_neighbourhood_only():
    """Where a whole neighbourhood has one colour, glass changes nothing."""
    found = blur.glass_blur(EDGE, 5, np.random.default_rng(0))
    sigma, reach, rounds = blur.GLASS[4]
    margin = int(reach * rounds + 8 * sigma)
    assert (found[:, : 40 - margin] == 0).all()
