"""What an image-segmentation service answers, label and mask by label, -> a label map."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import CaseFailed
from bench.registry import suggest

SUBTASK = "semantic"
"""Asked for by name: without it the library chooses panoptic, then instance."""


def labels(
    found: Iterable[tuple[str, Any]], classes: Mapping[str, int], size: tuple[int, int], who: str
) -> dict[str, NDArray[np.float32]]:
    """`labels`, float32 (1, H, W) with (H, W) = size, of names with masks; 255 where no mask lies.

    Raises:
        CaseFailed: a name that is no class, or a mask of another size; `who` answered.
    """
    out = np.full(size, 255.0, np.float32)
    for name, mask in found:
        if name not in classes:
            raise CaseFailed(
                f"{who} answered with the label {name!r}, which is no class of the model.",
                f"{suggest(name, classes)} Does it serve the same model?",
            )
        inside = np.asarray(mask)
        if inside.shape != size:
            there = " x ".join(map(str, inside.shape))
            raise CaseFailed(
                f"{who} answered with a mask of {there} pixels to an image of {size[0]} x {size[1]}.",
                "A mask has the image's height and width, and one value a pixel.",
            )
        out[inside > 0] = classes[name]
    return {"labels": out[None]}
