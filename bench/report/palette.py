"""Colours of classes: Cityscapes' own where a name is known, else colours far apart."""

from __future__ import annotations

import colorsys
from functools import cache

from bench.suite.classes import CITYSCAPES

Colour = tuple[int, int, int]
KNOWN: dict[str, Colour] = {c.name: c.colour for c in CITYSCAPES}
VOID: Colour = (24, 24, 24)
AGREES: Colour = (222, 226, 230)
DIFFERS: Colour = (208, 38, 56)
GOLDEN = 0.61803398875
"""Fraction of the colour circle that keeps any number of hues apart."""


@cache
def colours(names: tuple[str, ...]) -> tuple[Colour, ...]:
    """Colour of each class, RGB 0..255, none twice."""
    taken = {KNOWN[n] for n in names if n in KNOWN}
    found: list[Colour] = []
    step = 0
    for name in names:
        if name in KNOWN and KNOWN[name] not in found:
            found.append(KNOWN[name])
            continue
        while True:
            made = _made(step)
            step += 1
            if made not in taken and made not in found:
                break
        found.append(made)
    return tuple(found)


def css(colour: Colour) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _made(step: int) -> Colour:
    hue = (step * GOLDEN) % 1.0
    value = (0.85, 0.6, 0.72)[step % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, (0.65, 0.85)[step % 2], value)
    return round(red * 255), round(green * 255), round(blue * 255)
