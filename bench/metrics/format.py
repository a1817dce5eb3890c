"""Numbers -> text, in one place: Markdown, HTML and the hub's metadata can never disagree."""

import math
from collections.abc import Callable

from bench.metrics.base import Metric

MISSING = "\N{EM DASH}"
MINUS = "\N{MINUS SIGN}"


def finite(value: float | None) -> float | None:
    """The value as a Python float; None where it is None, NaN or infinite."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def points_value(fraction: float) -> float:
    """Percentage points, rounded as the card prints them (two decimals)."""
    return round(100 * float(fraction), 2)


def milliseconds_value(ms: float) -> float:
    """Milliseconds, rounded as the card prints them (three significant digits, at most)."""
    return round(float(ms), _decimals(float(ms)))


def percent_value(fraction: float) -> float:
    """Percent, two decimals; below 100 unless it is."""
    shown = points_value(fraction)
    return 99.99 if shown == 100 and fraction < 1 else shown


def points(fraction: float) -> str:
    """`62.31`: a fraction in percent, two decimals."""
    return f"{points_value(fraction):.2f}"


def points_short(fraction: float) -> str:
    """`62.3`: a fraction in percent, one decimal."""
    return f"{100 * fraction:.1f}"


def signed_points(fraction: float) -> str:
    """`+0.12` or `\N{MINUS SIGN}2.65`: a difference in percentage points."""
    value = points_value(fraction)
    if value == 0:
        return "0.00"
    return ("+" if value > 0 else MINUS) + f"{abs(value):.2f}"


def percent(fraction: float) -> str:
    """`99.73 %`; never rounded up to 100 unless it is."""
    return f"{percent_value(fraction):.2f} %"


def milliseconds(ms: float) -> str:
    """`8.42`, `84.2` or `842`: milliseconds, three significant digits."""
    return grouped(milliseconds_value(ms), _decimals(float(ms)))


def rate(value: float) -> str:
    """`118`, `11.8` or `1.18`: something a second, three significant digits."""
    return grouped(value, _decimals(value))


def ratio(value: float) -> str:
    """`2.1 x`: a ratio."""
    return f"{value:.1f} x" if value < 100 else f"{value:.0f} x"


def size(count: float) -> str:
    """`12 kB`, `6.9 MB`, `1.31 GB`: bytes in units of 10^3, 10^6 or 10^9."""
    value, unit, decimals = count / 1e6, "MB", 1
    if abs(count) < 1e6:
        value, unit, decimals = count / 1e3, "kB", 1 if abs(count) < 1e4 else 0
    elif abs(count) >= 1e9:
        value, unit, decimals = count / 1e9, "GB", 1 if abs(count) >= 1e10 else 2
    return f"{grouped(value, decimals)} {unit}"


def whole(value: float) -> str:
    """`1 234 567`: a whole number in groups of three."""
    return grouped(value, 0)


def decibels(value: float) -> str:
    """`23.4 dB`; `identical` where there is no noise at all."""
    return "identical" if math.isinf(value) and value > 0 else f"{value:.1f} dB"


def scientific(value: float) -> str:
    """`1.2e-05`; `0` where it is exactly that."""
    return "0" if value == 0 else f"{value:.1e}"


def seconds(value: float) -> str:
    """`4.2 s`."""
    return f"{grouped(value, 1)} s"


def count(value: int) -> str:
    """`1 234 567`: groups of three, narrow spaces."""
    return grouped(value, 0)


def grouped(value: float, decimals: int) -> str:
    """Fixed decimals, thousands apart by a narrow no-break space."""
    return f"{value:,.{decimals}f}".replace(",", "\N{NARROW NO-BREAK SPACE}").replace("-", MINUS)


def interval(metric: Metric, write: Callable[[float], str]) -> str:
    """`60.12 to 64.40`: the 95 % interval, or an empty text without one."""
    low, high = finite(metric.low), finite(metric.high)
    if low is None or high is None:
        return ""
    return f"{write(low)} to {write(high)}"


def listing(words: list[str] | tuple[str, ...], last: str = "and") -> str:
    """`a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 image`, `50 images`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def _decimals(value: float) -> int:
    """Decimals that give three significant digits, at most two."""
    return 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
