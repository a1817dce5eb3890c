"""DPT (Ranftl et al., ICCV 2021): dense prediction transformer."""

from collections.abc import Mapping
from typing import Any

from bench.models.families.base import STAGES, Family, below


class Dpt(Family):
    """A plain vision transformer, whose layers are reassembled to a pyramid."""

    architecture = "DPTForSemanticSegmentation"
    rules = (
        (r"head", "heads"),
        (r"neck", "decoder"),
        *below("dpt", STAGES[2:]),
    )

    def input_size(self, config: Mapping[str, Any]) -> tuple[int, int] | None:
        """The square of the configuration: the library reassembles patches to a square."""
        return (int(config.get("image_size", 384)),) * 2

    def ready(self, model: Any) -> None:
        """Without the auxiliary head: it serves training alone, and PyTorch would run it at every call."""
        model.auxiliary_head = None
