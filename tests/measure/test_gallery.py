import cv2
import numpy as np

from bench.measure import gallery


def test_pictures_are_small_and_true(tmp_path):
    rng = np.random.default_rng(0)
    image = np.zeros((400, 1024, 3), np.uint8)
    image[..., 0] = 250
    truth = rng.integers(0, 4, (400, 1024)).astype(np.uint8)
    guess = truth[:, ::-1].copy()
    made = gallery.panels(tmp_path, [(1, image, truth, guess)], ("a", "b"))
    (panel,) = made.panels
    assert panel.image == "b"
    small = cv2.imread(str(tmp_path / panel.input))
    assert small.shape == (200, 512, 3)
    assert small[..., 2].mean() > 240  # red stays red
    assert small[..., 0].mean() < 10
    stored = cv2.imread(str(tmp_path / panel.prediction), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(
        stored, cv2.resize(guess, (512, 200), interpolation=cv2.INTER_NEAREST)
    )


def test_small_pictures_stay_as_they_are_and_equal_ones_share_a_file(tmp_path):
    image = np.full((16, 32, 3), 90, np.uint8)
    labels = np.arange(512, dtype=np.uint16).reshape(16, 32).astype(np.uint8)
    (panel,) = gallery.panels(tmp_path, [(0, image, labels, labels)], ("a",)).panels
    assert panel.truth == panel.prediction
    stored = cv2.imread(str(tmp_path / panel.truth), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(stored, labels)
