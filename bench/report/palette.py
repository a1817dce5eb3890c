"""Colours of classes: Cityscapes' own where a name is known, else colours far apart."""

import colorsys
from functools import cache
from itertools import count

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
    fresh = (made for made in map(_made, count()) if made not in taken)
    found: list[Colour] = []
    for name in names:
        known = KNOWN.get(name)
        if known is None or known in found:
            known = next(made for made in fresh if made not in found)
        found.append(known)
    return tuple(found)


def css(colour: Colour) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _made(step: int) -> Colour:
    hue = (step * GOLDEN) % 1.0
    value = (0.85, 0.6, 0.72)[step % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, (0.65, 0.85)[step % 2], value)
    return round(red * 255), round(green * 255), round(blue * 255)
