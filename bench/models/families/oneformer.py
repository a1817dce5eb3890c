"""OneFormer (Jain et al., CVPR 2023): one model for three tasks, told which in a sentence."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.errors import BadInput
from bench.models.families.base import QUERIES, STAGES, Family, below
from bench.suite.model import Model, TaskInput


class OneFormer(Family):
    """Mask2Former's parts, and an encoder of the sentence "the task is semantic"."""

    architecture = "OneFormerForUniversalSegmentation"
    outputs = QUERIES
    files = ("tokenizer*", "vocab.json", "merges.txt", "special_tokens_map.json")
    tasks = ("semantic", "panoptic", "instance")
    rules = (
        (r"(.*\.)?(mask_embed|class_embed)", "heads"),
        (r"model\.(transformer_module|task_encoder)", "transformer_decoder"),
        (r"model\.pixel_level_module\.decoder", "pixel_decoder"),
        *below(r"model\.pixel_level_module\.encoder", STAGES),
    )

    def answers(self, spec: Model) -> tuple[str, ...]:
        """The task of its sentence alone."""
        return (_task_input(spec).task,)

    def inputs(
        self, spec: Model, config: Mapping[str, Any], folder: Path | None
    ) -> dict[str, list[list[int]]]:
        """`task_inputs`: token ids of the sentence, filled up with 0 to the length that the model takes."""
        asked, length = _task_input(spec), int(config.get("task_seq_len", 77))
        tokens = list(asked.tokens)
        if not tokens and folder is None:
            raise BadInput(
                f"Model {spec.name!r} is seeded, so that it has no tokenizer for its task's sentence.",
                f'Give [model.{spec.name}.task_input] the `tokens` of "the task is {asked.task}".',
            )
        if not tokens:
            from transformers import CLIPTokenizer

            tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
            tokens = tokenizer(f"the task is {asked.task}")["input_ids"]
        if len(tokens) > length:
            raise BadInput(
                f"The sentence of model {spec.name!r} has {len(tokens)} tokens; it takes {length}."
            )
        return {"task_inputs": [tokens + [0] * (length - len(tokens))]}

    def ready(self, model: Any) -> None:
        """Without the library's checks of shapes: torch's exporter writes them, and ONNX has no such operator."""
        del model
        os.environ["TRANSFORMERS_DISABLE_TORCH_CHECK"] = "1"


def _task_input(spec: Model) -> TaskInput:
    return spec.task_input or TaskInput()
