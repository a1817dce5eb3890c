"""Whether confidence is right: pixels, hits and confidences in bins of the label's probability.

Expected calibration error (Guo et al., On Calibration of Modern Neural Networks, 2017), 15 bins of equal
width: the sum over bins of |hits - sum of confidences| over all pixels.
"""

import numpy as np
from numpy.typing import NDArray

BINS = 15


def count(
    truth: NDArray[np.uint8],
    prediction: NDArray[np.uint8],
    confidence: NDArray[np.float32],
    classes: int,
) -> dict[str, NDArray[np.generic]]:
    """Entries of an image, one a bin with a pixel: `bin`, `pixels`, `correct`, uint32; `confidence`, float64.

    All three are of the same pixels; those without a label or a confidence count nowhere.
    """
    counted = (truth < classes) & np.isfinite(confidence)
    sure = confidence[counted].astype(np.float64)
    at = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    hit = truth[counted] == prediction[counted]
    pixels = np.bincount(at, minlength=BINS)
    there = np.flatnonzero(pixels)
    return {
        "bin": there.astype(np.uint32),
        "pixels": pixels[there].astype(np.uint32),
        "correct": np.bincount(at, hit, BINS)[there].astype(np.uint32),
        "confidence": np.bincount(at, sure, BINS)[there],
    }
