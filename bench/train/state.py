"""What a training run carries from step to step: weights, their running mean, optimiser, checkpoint."""

import copy
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench.models import micro
from bench.train.recipe import Recipe


@dataclass(frozen=True)
class State:
    """Modules and optimiser of one process; every process holds the same."""

    model: Any
    head: Any
    """Head that only training uses; it isn't saved with the model."""
    ema: Any
    """Running mean of the model's weights: what is validated and shipped."""
    optimiser: torch.optim.Optimizer

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        """Everything that learns: the model's, then the head's."""
        return [p for m in (self.model, self.head) for p in m.parameters()]


def build(recipe: Recipe) -> tuple[Any, Any]:
    """Model and its training-only head, from the recipe's seed."""
    torch.manual_seed(recipe.seed)
    if recipe.model == "segformer-micro":
        return micro.segformer_micro(), torch.nn.Identity()
    if recipe.panoptic:
        model = micro.mask2former_micro_panoptic(recipe.start)
    else:
        model = micro.mask2former_micro()
    return model, torch.nn.Conv2d(64, micro.NUM_LABELS, 1)


def begin(recipe: Recipe) -> State:
    """State before the first step."""
    model, head = build(recipe)
    ema = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(_groups(model, head, recipe), lr=recipe.learning_rate)
    return State(model, head, ema, optimiser)


def rate(step: int, recipe: Recipe) -> float:
    """Learning rate of a step: linear warm-up, a hold, then a cosine to one hundredth."""
    if step < recipe.warm_up_steps:
        return recipe.learning_rate * (step + 1) / recipe.warm_up_steps
    start = recipe.warm_up_steps + recipe.hold_steps
    t = max(0, step - start) / max(1, recipe.steps - start)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * t)))


@torch.no_grad()
def follow(state: State, step: int, recipe: Recipe) -> None:
    """Move the running mean towards the weights; early steps weigh more, so that it forgets them."""
    decay = min(recipe.ema_decay, (1 + step) / (10 + step))
    for mean, new in zip(state.ema.parameters(), state.model.parameters(), strict=True):
        mean.lerp_(new, 1 - decay)
    for mean, new in zip(state.ema.buffers(), state.model.buffers(), strict=True):
        mean.copy_(new)


def save(work: Path, step: int, state: State) -> None:
    """Write checkpoint.pt, through a temporary file."""
    parts = {name: part.state_dict() for name, part in vars(state).items()}
    torch.save({"step": step, **parts}, work / "checkpoint.tmp")
    (work / "checkpoint.tmp").rename(work / "checkpoint.pt")


def resume(work: Path, state: State) -> int:
    """Step to begin with, after loading the last checkpoint; 0 without a checkpoint."""
    path = work / "checkpoint.pt"
    if not path.exists():
        return 0
    parts = torch.load(path, weights_only=True)
    for name, part in vars(state).items():
        part.load_state_dict(parts[name])
    return int(parts["step"])


def _groups(model: Any, head: Any, recipe: Recipe) -> list[dict[str, Any]]:
    """Parameter groups of the optimiser: no weight decay on biases, norms and position tables."""
    decay: list[torch.nn.Parameter] = []
    plain: list[torch.nn.Parameter] = []
    for name, p in [*model.named_parameters(), *head.named_parameters()]:
        skip = p.ndim < 2 or "relative_position" in name or "embed" in name
        (plain if skip else decay).append(p)
    return [
        {"params": decay, "weight_decay": recipe.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
