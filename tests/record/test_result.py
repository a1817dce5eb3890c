from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.record.memory import KINDS, MemoryMeasurement
from bench.record.result import ExtraMeasurement, Result
from bench.record.timing import Launch, TimingMeasurement
from tests import builders

ns = st.lists(st.integers(0, 10**12), max_size=5).map(tuple)


def through_json(result: Result) -> Result:
    return Result.model_validate_json(result.model_dump_json(by_alias=True))


@pytest.mark.parametrize("status", ["ok", "wrong", "failed", "skipped"])
def test_every_status_survives_json(status: str) -> None:
    result = builders.result(status=status)
    assert through_json(result) == result


@given(ns, ns, st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(0)))
def test_raw_numbers_survive_json(warmup: tuple, times: tuple, memory: dict) -> None:
    launch = Launch(warmup_ns=warmup, phases_ns={"forward": times}, end_to_end_ns=times)
    measured = (TimingMeasurement(launches=(launch,)), MemoryMeasurement(values=memory))
    result = builders.result(measurements=measured)
    again = through_json(result)
    assert again.get("timing") == measured[0]
    assert again.get("memory") == measured[1]
    assert again.get("confusion") is None


def test_what_a_plugin_measured_is_kept() -> None:
    extra = ExtraMeasurement(name="energy", values={"joules": [1.5, None], "tool": "x"})
    assert through_json(builders.result(measurements=(extra,))).get("extra") == extra


def test_unknown_keys_and_kinds_are_refused() -> None:
    raw = builders.result().model_dump(mode="json", by_alias=True)
    for change in (
        {"colour": "red"},
        {"status": "fine"},
        {"measurements": [{"kind": "karma", "version": 1}]},
    ):
        with pytest.raises(ValidationError):
            Result.model_validate({**raw, **change})


def test_a_result_is_frozen() -> None:
    result = builders.result()
    with pytest.raises(ValidationError):
        result.reason = "other"
