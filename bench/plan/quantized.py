"""Which variants and steps quantize."""

from bench import registry
from bench.suite.variant import Step, Variant

EXCLUDE = "exclude"
"""Option of every step that quantizes: what it leaves in floating point."""


def quantizes(step: Step) -> bool:
    """Whether a step takes a list of what it leaves out."""
    return EXCLUDE in registry.load("exporter", step.name).options


def quantized(variant: Variant) -> bool:
    """Whether products run in int8, or a step of the recipe quantizes."""
    return variant.precision == "int8" or any(map(quantizes, variant.steps))
