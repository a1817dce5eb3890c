"""SVG elements as text, and the scales of charts."""

import html
import math
from collections.abc import Callable, Iterable

WIDE = "MWmw@%"
NARROW = "iljtfrI.,:;|()[]!' -1"


def escape(words: str) -> str:
    """Words that stand for themselves in SVG and HTML, in text and in attributes."""
    return html.escape(words)


def el(tag: str, *children: str, **attributes: str | float | None) -> str:
    """An element; attribute names may end in `_` and use `_` for `-`; values are escaped."""
    shown = "".join(
        f' {k.rstrip("_").replace("_", "-")}="{escape(_text(v))}"'
        for k, v in attributes.items()
        if v is not None
    )
    inner = "".join(children)
    return f"<{tag}{shown}>{inner}</{tag}>" if inner else f"<{tag}{shown}/>"


def text(x: float, y: float, words: str, class_: str = "", anchor: str = "start") -> str:
    """A line of text; its words are escaped."""
    return el("text", escape(words), x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    """A straight line."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def dot(x: float, y: float, radius: float, class_: str, said: str) -> str:
    """A disc with a tooltip."""
    return el("circle", el("title", escape(said)), cx=x, cy=y, r=radius, class_=class_)


def polyline(corners: Iterable[tuple[float, float]], class_: str, digits: int = 1) -> str:
    """A line through corners."""
    points = " ".join(f"{x:.{digits}f},{y:.{digits}f}" for x, y in corners)
    return el("polyline", points=points, class_=class_)


def levels(ticks: Iterable[tuple[float, float]], left: float, right: float) -> list[str]:
    """A line across the plot for each (value, y), with the value beside it."""
    parts = []
    for value, y in ticks:
        parts.append(line(left, y, right, y, "grid"))
        parts.append(text(left - 8, y + 4, f"{value:g}", "tick", "end"))
    return parts


def stops(ticks: Iterable[tuple[float, float]], bottom: float) -> list[str]:
    """A mark under the plot for each (value, x), with the value below it."""
    parts = []
    for value, x in ticks:
        parts.append(line(x, bottom, x, bottom + 5, "axis"))
        parts.append(text(x, bottom + 19, f"{value:g}", "tick", "middle"))
    return parts


def titles(left: float, right: float, bottom: float, x: str, y: str, y_at: float) -> list[str]:
    """The level axis, and the titles of both; that of y begins at `y_at`."""
    return [
        line(left, bottom, right, bottom, "axis"),
        text(y_at, 13, y, "title"),
        text((left + right) / 2, bottom + 44, x, "title", "middle"),
    ]


def columns(ticks: Iterable[tuple[str, float]], top: float, bottom: float) -> list[str]:
    """An upright line through rows of bars for each (words, x), with the words below it."""
    parts = []
    for words, x in ticks:
        parts.append(line(x, top, x, bottom, "grid"))
        parts.append(text(x, bottom + 16, words, "tick", "middle"))
    return parts


def linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Value -> position: `low` stands at `start`, `high` at `end`."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def logarithmic(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Value above 0 -> position by its logarithm; in the middle where `low` is `high`."""
    if low == high:
        return lambda _: (start + end) / 2
    return lambda value: start + math.log(value / low) / math.log(high / low) * (end - start)


def marked(label: str, *, wrong: bool) -> str:
    """Label of a variant, which says so where it is wrong."""
    return f"{label}: wrong" if wrong else label


def width_of(words: str, size: float = 12.5) -> float:
    """Width, user units, of words in a common sans-serif: on the wide side, so labels keep apart."""
    return size * sum(
        0.95 if c in WIDE else 0.4 if c in NARROW else 0.76 if c.isupper() else 0.63 for c in words
    )


def linear_ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers within [low, high], about so many."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within [low, high]; all digits where those are too few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [d * 10.0**p for p in powers for d in digits if low <= d * 10.0**p <= high]
        if len(found) >= 3:
            return found
    return linear_ticks(low, high)


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
