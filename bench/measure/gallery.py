"""Pictures for the card: input, truth, prediction and disagreement, small, named by content."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.record.gallery import AGREES, DIFFERS, UNLABELLED, GalleryMeasurement, Panel
from bench.record.store import write_media
from bench.segments import VOID
from bench.tasks.base import Task

WIDEST = 512


def panels(
    folder: Path, task: Task, pictures: Sequence[tuple[int, Any, Any, Any]], names: Sequence[str]
) -> GalleryMeasurement:
    """Panels whose files now lie in `folder`."""
    import cv2

    out = []
    for index, read, truth, prediction in pictures:
        image = _rgb(read)
        scale = min(1.0, WIDEST / image.shape[1])
        size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
        small = image if scale == 1.0 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
        labels = task.labels(truth)
        marks = np.where(task.agree(truth, prediction), np.uint8(AGREES), np.uint8(DIFFERS))
        marks[labels == VOID] = UNLABELLED
        out.append(
            Panel(
                image=names[index],
                input=write_media(folder, jpeg.tobytes(), ".jpg"),
                truth=write_media(folder, _indices(labels, size), ".png"),
                prediction=write_media(folder, _indices(task.labels(prediction), size), ".png"),
                disagreement=write_media(folder, _indices(marks, size), ".png"),
            )
        )
    return GalleryMeasurement(panels=tuple(out))


def _rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Picture, uint8 (H, W, 3), of an image: its first three bands, or one, stretched to 8 bits."""
    if image.dtype == np.uint8 and image.shape[2] == 3:
        return image
    bands = image[..., [0, 1, 2] if image.shape[2] >= 3 else [0, 0, 0]].astype(np.float64)
    low, high = np.nanmin(bands), np.nanmax(bands)
    scaled = np.nan_to_num((bands - low) * (255 / max(high - low, 1e-12)))
    picture: NDArray[np.uint8] = scaled.astype(np.uint8)
    return picture


def _indices(labels: NDArray[np.uint8], size: tuple[int, int]) -> bytes:
    """8-bit PNG of a map at a size (width, height)."""
    import cv2

    if labels.shape[::-1] != size:
        labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    png: Any = cv2.imencode(".png", labels, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    content: bytes = png.tobytes()
    return content
