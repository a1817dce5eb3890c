import pytest

from bench.metrics.base import Source
from bench.metrics.catalog.coverage import NAMES, by_precision, metrics
from bench.record.coverage import CoverageMeasurement, OperatorCoverage
from tests import builders

FOUND = CoverageMeasurement(
    operators=tuple(
        OperatorCoverage(operator=kind, precision=word, count=1, macs=macs, time_ns=times)
        for kind, word, macs, times in (
            ("QLinearConv", "int8", 60, (50, 40, 10)),
            ("Conv", "fp32", 40, (30, 40, 80)),
            ("QuantizeLinear", "conversion", 0, (20, 20, 10)),
        )
    ),
    integers={8: 30, 4: 20},
    weights=100,
    how="a profiler",
)


def numbers(*measurements, **more):
    result = builders.result(**more).model_copy(update={"measurements": measurements})
    return metrics(Source(None, result, None))


def test_shares_are_of_all_weights_of_all_macs_and_of_the_median_call():
    assert {n: m.value for n, m in numbers(FOUND).items()} == {
        "int8_weights": 0.5, "int8_macs": 0.6, "int8_time": 0.4,
    }  # fmt: skip
    shares = by_precision(FOUND)
    assert list(shares) == ["int8", "fp32", "conversion"]
    assert shares["conversion"] == (0.0, 0.2)
    assert sum(m for m, _ in shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("measured", "reason"),
    [
        ((), "isn't quantized"),
        ((CoverageMeasurement(absent="no profile here"),), "no profile here"),
        ((CoverageMeasurement(integers={8: 1}, weights=1),), "no "),
    ],
)
def test_what_is_missing_has_a_reason(measured, reason):
    found = numbers(*measured)
    assert set(found) == set(NAMES)
    assert found["int8_macs"].value is None
    assert all(m.value is not None or reason in m.reason for m in found.values())
