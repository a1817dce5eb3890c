"""The library's own pipeline, `transformers.ImageSegmentationPipeline`: from the image to masks by label."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.backends.annotations import SUBTASK, labels
from bench.backends.base import Backend, OpenJob, Session
from bench.errors import Unsupported
from bench.exporters.notes import weighed


class PipelineBackend(Backend):
    """Prepares the image, runs the module and makes labels as the library does, with `subtask` pinned.

    Its image processor gets the case's input size and the model's pixels, so that the pipeline sees the same
    input as the module alone; labels are those of the rule `hf`.
    """

    needs = ("torch", "transformers")
    takes = "image"
    otherwise = "the pipeline is measured in fp32 alone, not in {}"

    def open(self, job: OpenJob) -> Session:
        """Session on the pipeline around the model's own module."""
        import torch
        import transformers
        from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

        torch.set_num_threads(job.threads)
        where = job.device.torch(tf32=False)
        loader = registry.load("model", job.model.loader)()
        module = loader.build(job.model, allow_code=job.allow_code)
        inner = getattr(module, "model", None)
        kind = getattr(getattr(inner, "config", None), "model_type", None)
        known: Any = IMAGE_PROCESSOR_MAPPING_NAMES
        if not isinstance(inner, transformers.PreTrainedModel) or kind not in known:
            raise Unsupported(
                f"The transformers pipeline runs models of that library, and {job.model.name!r} is not one of them.",
                "Measure it with the backend 'torch' or 'onnxruntime'.",
            )
        pixels = job.model.pixels
        processor = getattr(transformers, known[kind]["pil"])(
            size={"height": job.size[0], "width": job.size[1]},
            do_resize=True,
            do_rescale=True,
            do_normalize=True,
            rescale_factor=pixels.scale,
            image_mean=list(pixels.mean),
            image_std=list(pixels.std),
        )
        names: Mapping[int, str] = inner.config.id2label
        pipe: Any = transformers.ImageSegmentationPipeline(
            model=inner.eval(), image_processor=processor, device=where
        )
        session = PipelineSession(pipe, {name: i for i, name in names.items()})
        stored = loader.file_bytes(job.model)
        session.weights = weighed(module) | ({} if stored is None else {"file_bytes": stored})
        return session


class PipelineSession(Session):
    """A pipeline that gets one image a call."""

    def __init__(self, pipe: Any, classes: dict[str, int]) -> None:
        self._pipe, self._classes = pipe, classes

    @property
    def effective(self) -> dict[str, str]:
        """Subtask, type of the weights, threads and device."""
        import torch

        return {
            "precision": {"float32": "fp32"}.get(str(self._pipe.dtype).removeprefix("torch."), ""),
            "threads": str(torch.get_num_threads()),
            "device": self._pipe.device.type,
            "subtask": SUBTASK,
        }

    def copy_in(self, x: NDArray[Any]) -> Any:
        """Pillow's image of uint8 (1, H, W, 3)."""
        from PIL import Image

        return Image.fromarray(x[0])

    def forward(self, x: Any) -> tuple[Any, tuple[int, int]]:
        """Names and masks as the pipeline gives them, and the image's height and width."""
        import torch

        with torch.inference_mode():
            return self._pipe(x, subtask=SUBTASK), (x.height, x.width)

    def copy_out(self, raw: tuple[Any, tuple[int, int]]) -> dict[str, NDArray[np.float32]]:
        """`labels`, float32 (1, H, W)."""
        found, size = raw
        return labels(
            ((one["label"], one["mask"]) for one in found), self._classes, size, "The pipeline"
        )
