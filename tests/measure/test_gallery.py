import cv2
import numpy as np

from bench.measure import gallery
from bench.record.gallery import AGREES, DIFFERS, UNLABELLED
from bench.segments import VOID, Segments
from bench.tasks.panoptic import PanopticTask
from bench.tasks.semantic import SemanticTask


def test_pictures_are_small_and_true(tmp_path):
    rng = np.random.default_rng(0)
    image = np.zeros((400, 1024, 3), np.uint8)
    image[..., 0] = 250
    truth = rng.integers(0, 4, (400, 1024)).astype(np.uint8)
    guess = truth[:, ::-1].copy()
    made = gallery.panels(tmp_path, SemanticTask(), [(1, image, truth, guess)], ("a", "b"))
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
    (panel,) = gallery.panels(tmp_path, SemanticTask(), [(0, image, labels, labels)], ("a",)).panels
    assert panel.truth == panel.prediction
    stored = cv2.imread(str(tmp_path / panel.truth), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(stored, labels)


def test_disagreement_is_stored_pixel_by_pixel(tmp_path):
    image = np.full((4, 4, 3), 90, np.uint8)
    truth = np.array([[0, 1, 2, VOID]] * 4, np.uint8)
    said = np.array([[0, 2, VOID, 1]] * 4, np.uint8)
    (panel,) = gallery.panels(tmp_path, SemanticTask(), [(0, image, truth, said)], ("a",)).panels
    marks = cv2.imread(str(tmp_path / panel.disagreement), cv2.IMREAD_UNCHANGED)
    assert marks.tolist() == [[AGREES, DIFFERS, DIFFERS, UNLABELLED]] * 4


def test_segments_are_shown_by_class_with_lines_between_them(tmp_path):
    image = np.full((2, 6, 3), 90, np.uint8)
    one, two = np.zeros(3, bool), np.zeros(1, bool)
    truth = Segments(np.array([[1, 1, 2, 2, 3, 0]] * 2, np.int32), np.array([4, 4, 0]), one)
    said = Segments(np.array([[1, 1, 1, 1, 0, 0]] * 2, np.int32), np.array([4]), two)
    (panel,) = gallery.panels(tmp_path, PanopticTask(), [(0, image, truth, said)], ("a",)).panels
    files = (panel.truth, panel.prediction, panel.disagreement)
    shown = [cv2.imread(str(tmp_path / f), cv2.IMREAD_UNCHANGED)[0].tolist() for f in files]
    assert shown[0] == [4, 4, VOID, 4, VOID, VOID]
    assert shown[1] == [4, 4, 4, 4, VOID, VOID]
    assert shown[2] == [DIFFERS, DIFFERS, UNLABELLED, DIFFERS, UNLABELLED, UNLABELLED]
