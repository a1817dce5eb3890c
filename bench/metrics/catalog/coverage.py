"""How much of a quantized artifact runs in integers: shares of weights, multiply-accumulates and time."""

from statistics import median

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import absent, unmeasured
from bench.record.coverage import CoverageMeasurement

NAMES = ("int8_weights", "int8_macs", "int8_time")
OTHER = "the variant isn't quantized, or its coverage was not measured"


def metrics(source: Source) -> dict[str, Metric]:
    """`int8_weights`, `int8_macs` and `int8_time`, fractions."""
    result = source.result
    found: CoverageMeasurement | None = result.get("coverage")
    if found is None or found.absent:
        failed = result.status in {"failed", "skipped"}
        why = unmeasured(result) if failed else found.absent if found else OTHER
        return absent(NAMES, why)
    stored = sum(found.integers.values())
    macs = sum(o.macs for o in found.operators)
    return {
        "int8_weights": _share(stored, found.weights, "the file holds no weights"),
        "int8_macs": _share(
            sum(o.macs for o in found.operators if o.precision == "int8"),
            macs,
            "no multiply-accumulates were counted",
        ),
        "int8_time": _time(found, "int8"),
    }


def by_precision(found: CoverageMeasurement) -> dict[str, tuple[float, float]]:
    """Precision -> its shares of the multiply-accumulates and of the time, fractions; the slowest first."""
    macs = max(1, sum(o.macs for o in found.operators))
    shares = {
        word: (
            sum(o.macs for o in found.operators if o.precision == word) / macs,
            _time(found, word).value or 0.0,
        )
        for word in dict.fromkeys(o.precision for o in found.operators)
    }
    return dict(sorted(shares.items(), key=lambda s: -s[1][1]))


def _time(found: CoverageMeasurement, word: str) -> Metric:
    """Median over the calls of the share of the operators' time."""
    calls = list(zip(*(o.time_ns for o in found.operators), strict=True))
    chosen = [i for i, o in enumerate(found.operators) if o.precision == word]
    shares = [sum(call[i] for i in chosen) / sum(call) for call in calls if sum(call)]
    return Metric(median(shares)) if shares else Metric(None, reason="no operator was timed")


def _share(part: int, whole: int, reason: str) -> Metric:
    return Metric(part / whole) if whole else Metric(None, reason=reason)
