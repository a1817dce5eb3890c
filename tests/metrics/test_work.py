import pytest

from bench.metrics.work import Total, instruments, shares, total
from bench.record.work import ComponentMeasurement, WorkMeasurement
from tests import measured


def test_the_whole_is_the_sum_of_its_parts():
    assert total(measured.work()) == Total(800_000, 64, 1_000_000_000, 200_000_000)
    assert total(None) is None
    gone = WorkMeasurement(batch_size=1, height=1, width=1, absent="no module")
    assert total(gone) is None


def test_a_parts_share_is_the_median_of_its_shares_in_each_call():
    found = ComponentMeasurement(
        parts_ns={"a": (60, 10, 80), "b": (40, 90, 20)}, whole_ns=(100, 100, 100)
    )
    assert shares(found) == {"a": 0.6, "b": 0.4}
    assert shares(None) == {}


def test_the_instruments_cost_is_the_median_over_pairs():
    assert instruments(measured.components(10.0)) == pytest.approx(0.02, abs=1e-6)
    assert instruments(ComponentMeasurement(absent="none")) is None
    assert instruments(None) is None
