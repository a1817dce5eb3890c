"""Every number of a training run, in one frozen record."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """A training run: the same recipe on the same machine gives the same weights."""

    model: str
    """`mask2former-micro`, `segformer-micro` or `mask2former-micro-panoptic`."""
    start: str = ""
    """Shipped model whose weights the run begins with; empty: weights drawn from the seed."""
    steps: int = 2000
    """Optimiser steps."""
    seed: int = 0
    scenes: int = 2400
    """Training scenes, drawn from the seeds of the split `train`."""
    height: int = 256
    width: int = 512
    processes: int = 2
    """Data-parallel processes of one thread each."""
    pixels_per_step: int = 8 * 128 * 256
    """Pixels that one process sees in a step."""
    full_size_from: float = 0.6
    """Share of the steps after which whole images replace crops."""
    learning_rate: float = 1.5e-3
    warm_up_steps: int = 150
    hold_steps: int = 0
    """Steps at the whole learning rate between the warm-up and the cosine."""
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    ema_decay: float = 0.998
    """Decay of the running mean of the weights; the mean is what is saved."""
    class_weight_power: float = 0.25
    """A class weighs frequency ** -power, scaled to a mean of one."""
    validation_scenes: int = 60
    validate_every: int = 400

    @property
    def panoptic(self) -> bool:
        """Whether instances are told apart."""
        return self.model == "mask2former-micro-panoptic"


RECIPES = {
    "mask2former-micro": Recipe("mask2former-micro"),
    "segformer-micro": Recipe("segformer-micro", steps=1500),
    "mask2former-micro-panoptic": Recipe(
        "mask2former-micro-panoptic",
        start="mask2former-micro",
        steps=1400,
        hold_steps=500,
        full_size_from=0.0,
        ema_decay=0.995,
    ),
}
