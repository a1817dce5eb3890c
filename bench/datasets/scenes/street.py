"""People, two-wheelers, poles, lights, signs and greenery: boards in metres facing the camera."""

import numpy as np

from bench.datasets.scenes.canvas import Board, Canvas, Colour, pick, shade

SKIN: tuple[Colour, ...] = ((226, 180, 150), (186, 132, 98), (120, 80, 56))
CLOTHES: tuple[Colour, ...] = (
    (196, 40, 60), (40, 70, 150), (60, 60, 66), (220, 200, 90), (120, 60, 130), (210, 210, 214),
    (40, 110, 110), (230, 120, 60),
)  # fmt: skip
STEEL: Colour = (146, 148, 150)
METAL_DARK: Colour = (58, 60, 62)


def person(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A pedestrian, walking: legs, torso, arms, head and hair."""
    b = Board(canvas, x, z, 24, canvas.new_instance(24), mirror=rng.choice([-1.0, 1.0]))
    k = rng.uniform(0.92, 1.08)
    step = rng.uniform(0.05, 0.28)
    trousers, top = shade(pick(rng, *CLOTHES), 0.55), pick(rng, *CLOTHES)
    skin = pick(rng, *SKIN)
    b.bar((-step, 0.02), (-0.06, 0.88 * k), 0.19, trousers)
    b.bar((step, 0.02), (0.06, 0.88 * k), 0.19, shade(trousers, 1.15))
    b.bar((0.2, 1.36 * k), (0.2 + step * 0.8, 0.82 * k), 0.13, shade(top, 0.8))
    b.bar((-0.2, 1.36 * k), (-0.2 - step * 0.6, 0.82 * k), 0.13, shade(top, 0.85))
    b.shape([[-0.2, 0.8 * k], [0.2, 0.8 * k], [0.25, 1.44 * k], [-0.25, 1.44 * k]], top)
    b.disc(0.0, 1.58 * k, 0.12, 0.15, skin)
    b.disc(-0.02, 1.65 * k, 0.12, 0.09, shade(skin, 0.3))


def _rider(b: Board, rng: np.random.Generator, seat: float, reach: float, *, helmet: bool) -> None:
    """A rider in a bright vest, bent over the handlebar."""
    vest = pick(rng, (230, 240, 60), (250, 130, 40), pick(rng, *CLOTHES), pick(rng, *CLOTHES))
    trousers: Colour = (44, 48, 66)
    skin = pick(rng, *SKIN)
    b.bar((-0.1, seat), (0.14, 0.36), 0.19, trousers)
    b.bar((0.14, 0.36), (0.05, 0.1), 0.13, trousers)
    b.bar((0.15, seat + 0.5), (reach, seat + 0.16), 0.12, shade(vest, 0.8))
    b.shape(
        [[-0.22, seat - 0.04], [0.1, seat - 0.04], [0.32, seat + 0.6], [0.02, seat + 0.66]], vest
    )
    b.disc(0.26, seat + 0.82, 0.13, 0.15, skin)
    if helmet:
        b.disc(0.25, seat + 0.88, 0.17, 0.13, (236, 236, 240))


def bicycle(canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, ridden: bool) -> None:
    """A bicycle from the side, with or without its rider."""
    b = Board(canvas, x, z, 33, canvas.new_instance(33), mirror=rng.choice([-1.0, 1.0]))
    frame = pick(rng, (60, 190, 90), (70, 170, 220), (230, 60, 50))
    for wx in (-0.52, 0.52):
        b.disc(wx, 0.35, 0.36, 0.36, shade(frame, 0.28))
        b.disc(wx, 0.35, 0.26, 0.26, (120, 124, 128), detail=True)
        b.bar((wx, 0.1), (wx, 0.6), 0.03, (190, 190, 190), detail=True)
        b.bar((wx - 0.25, 0.35), (wx + 0.25, 0.35), 0.03, (190, 190, 190), detail=True)
    b.shape([[-0.52, 0.35], [-0.2, 0.85], [-0.06, 0.33]], frame)
    b.shape([[-0.22, 0.8], [0.38, 0.84], [-0.06, 0.33]], shade(frame, 0.9))
    b.bar((0.52, 0.35), (0.36, 1.0), 0.09, frame)
    b.bar((0.26, 1.02), (0.5, 1.02), 0.08, METAL_DARK)
    b.bar((-0.34, 0.92), (-0.08, 0.92), 0.1, METAL_DARK)
    if ridden:
        r = Board(canvas, x, z, 25, canvas.new_instance(25), mirror=b.mirror)
        _rider(r, rng, 0.95, 0.42, helmet=rng.random() < 0.6)


def motorcycle(
    canvas: Canvas, rng: np.random.Generator, x: float, z: float, *, ridden: bool
) -> None:
    """A motorcycle from the side: heavy black wheels, a tank in strong colour."""
    b = Board(canvas, x, z, 32, canvas.new_instance(32), mirror=rng.choice([-1.0, 1.0]))
    tank = pick(rng, (200, 30, 30), (240, 140, 20), (40, 60, 200))
    for wx in (-0.68, 0.68):
        b.disc(wx, 0.32, 0.33, 0.33, (22, 22, 24))
        b.disc(wx, 0.32, 0.14, 0.14, (170, 172, 176), detail=True)
    b.shape([[-0.6, 0.38], [0.5, 0.3], [0.45, 0.72], [-0.5, 0.72]], (52, 52, 58))
    b.disc(-0.02, 0.42, 0.22, 0.18, (150, 150, 156), detail=True)
    b.shape([[-0.95, 0.7], [-0.1, 0.68], [-0.1, 0.86], [-0.9, 0.92]], (30, 30, 34))
    b.shape([[-0.12, 0.68], [0.5, 0.68], [0.42, 0.98], [0.0, 0.98]], tank)
    b.bar((0.68, 0.32), (0.42, 1.08), 0.1, (150, 150, 156))
    b.bar((0.3, 1.1), (0.55, 1.12), 0.09, METAL_DARK)
    b.disc(0.58, 0.92, 0.11, 0.11, (255, 240, 190))
    if ridden:
        r = Board(canvas, x, z, 25, canvas.new_instance(25), mirror=b.mirror)
        _rider(r, rng, 0.85, 0.48, helmet=True)


def pole(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A street lamp or a plain mast."""
    b = Board(canvas, x, z, 17, mirror=-1.0 if x > 0 else 1.0)
    tall = rng.uniform(4.5, 7.5)
    steel = shade(STEEL, rng.uniform(0.75, 1.2))
    b.bar((0, 0), (0, tall), 0.17, steel)
    b.bar((-0.03, 0), (-0.03, tall), 0.05, shade(steel, 1.25), detail=True)
    if rng.random() < 0.6:
        b.bar((0, tall), (1.6, tall + 0.25), 0.16, steel)
        b.bar((1.2, tall + 0.2), (2.0, tall + 0.22), 0.26, shade(steel, 0.8))


def traffic_light(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A traffic light: a yellow-framed dark case with three lamps on its pole."""
    foot = Board(canvas, x, z, 17)
    foot.bar((0, 0), (0, 2.6), 0.15, shade(STEEL, 0.8))
    b = Board(canvas, x, z, 19)
    low = 2.3
    b.shape([[-0.32, low], [0.32, low], [0.32, low + 1.25], [-0.32, low + 1.25]], (226, 190, 40))
    b.shape(
        [[-0.24, low + 0.07], [0.24, low + 0.07], [0.24, low + 1.18], [-0.24, low + 1.18]],
        (22, 24, 24), detail=True,
    )  # fmt: skip
    on = int(rng.integers(3))
    lamps: tuple[Colour, ...] = ((40, 255, 120), (255, 190, 40), (255, 50, 40))
    for i, lamp in enumerate(lamps):
        dim = 1.0 if i == on else 0.28
        b.disc(0, low + 0.24 + i * 0.38, 0.15, 0.15, shade(lamp, dim), detail=True)


def traffic_sign(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A traffic sign on its pole: a round ban, a warning triangle, or a blue square."""
    foot = Board(canvas, x, z, 17)
    foot.bar((0, 0), (0, 2.3), 0.12, STEEL)
    b = Board(canvas, x, z, 20)
    y, kind = 2.55, int(rng.integers(3))
    if kind == 0:
        b.disc(0, y, 0.4, 0.4, (216, 20, 30))
        b.disc(0, y, 0.27, 0.27, (248, 248, 244), detail=True)
        b.bar((-0.12, y), (0.12, y), 0.26, (20, 20, 24), detail=True)
    elif kind == 1:
        b.shape([[-0.48, y - 0.36], [0.48, y - 0.36], [0, y + 0.46]], (216, 20, 30))
        b.shape([[-0.27, y - 0.24], [0.27, y - 0.24], [0, y + 0.22]], (248, 244, 220), detail=True)
    else:
        b.shape([[-0.4, y - 0.4], [0.4, y - 0.4], [0.4, y + 0.4], [-0.4, y + 0.4]], (20, 80, 220))
        b.shape(
            [[-0.12, y - 0.3], [0.12, y - 0.3], [0.12, y + 0.05], [0.3, y + 0.05], [0, y + 0.36],
             [-0.3, y + 0.05], [-0.12, y + 0.05]], (246, 248, 250), detail=True,
        )  # fmt: skip


def _leaves(b: Board, rng: np.random.Generator, blobs: int, spread: tuple[float, float],
            centre: float, leaf: Colour) -> None:  # fmt: skip
    """A crown of blobs, lit from above."""
    for _ in range(blobs):
        dx, dy = rng.normal(0, spread[0]), rng.normal(0, spread[1])
        r = rng.uniform(0.45, 0.8) * spread[0]
        b.disc(dx, centre + dy, r, r * 0.85, shade(leaf, 0.85 + 0.16 * dy / spread[1]))
    for _ in range(blobs):
        dx, dy = rng.normal(0, spread[0] * 0.8), rng.normal(0, spread[1] * 0.8)
        r = rng.uniform(0.15, 0.3) * spread[0]
        tone = shade(leaf, rng.uniform(0.7, 1.35))
        b.disc(dx, centre + dy, r, r * 0.7, tone, detail=True)


def tree(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A street tree: a trunk and a crown of lit blobs."""
    b = Board(canvas, x, z, 21)
    tall = rng.uniform(3.4, 5.6)
    b.bar((0, 0), (rng.normal(0, 0.15), tall), rng.uniform(0.3, 0.45), (84, 64, 48))
    leaf = pick(rng, (66, 116, 44), (48, 96, 52), (110, 130, 40))
    _leaves(b, rng, 12, (rng.uniform(0.9, 1.5), rng.uniform(0.6, 1.0)), tall + 0.5, leaf)


def bush(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """A hedge or bush."""
    b = Board(canvas, x, z, 21)
    leaf = pick(rng, (58, 104, 40), (84, 120, 48))
    _leaves(b, rng, 7, (rng.uniform(0.5, 0.9), 0.3), rng.uniform(0.5, 0.9), leaf)


def street_furniture(canvas: Canvas, rng: np.random.Generator, x: float, z: float) -> None:
    """Void things: a litter bin (static) or a pushed cart (dynamic)."""
    if rng.random() < 0.6:
        b = Board(canvas, x, z, 4)
        b.shape([[-0.3, 0], [0.3, 0], [0.34, 1.0], [-0.34, 1.0]], (70, 84, 78))
        b.shape([[-0.36, 0.9], [0.36, 0.9], [0.36, 1.08], [-0.36, 1.08]], (40, 44, 44))
    else:
        b = Board(canvas, x, z, 5)
        b.shape([[-0.45, 0.3], [0.5, 0.3], [0.55, 0.95], [-0.45, 0.95]], (150, 110, 80))
        b.disc(-0.3, 0.18, 0.18, 0.18, (30, 30, 30))
        b.disc(0.35, 0.18, 0.18, 0.18, (30, 30, 30))
