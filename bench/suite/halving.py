"""Successive halving: short timings decide which variants are measured in full."""

from pydantic import Field

from bench.suite.base import Spec


class Halving(Spec):
    """The `[halving]` table (K. Jamieson and A. Talwalkar, AISTATS 2016, for the method).

    Before the rows are measured, all variants of a model on a target and data set are timed in
    turns; in every round the faster ones go on to the next, which takes twice the calls.
    """

    rounds: int = Field(default=2, ge=1, le=10)
    keep: float = Field(default=0.5, gt=0, lt=1)
    """Share of the variants that goes on after a round."""
    least: int = Field(default=3, ge=1, le=1000)
    """So many go on in any case, the reference not counted: the reference always goes on."""
    margin: float = Field(default=0.1, ge=0, le=10)
    """What is slower than the last that goes on by no more than this share goes on, too."""
    iterations: int = Field(default=5, ge=1, le=1_000_000)
    """Timed calls of a variant in the first round; each further round doubles them."""
    limit_s: float = Field(default=2.0, gt=0, le=3600)
    """Longest timing of a variant in the first round, doubled likewise; one call is always made."""
