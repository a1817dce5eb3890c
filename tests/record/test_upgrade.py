from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import RecordError
from bench.record import upgrade
from bench.record.result import SCHEMA
from bench.record.store import read_result


def test_the_present_schema_stays_as_it_is() -> None:
    raw = {"schema": SCHEMA, "x": 1}
    assert upgrade.upgrade(raw, Path("a.json")) == raw


def test_older_schemas_go_through_every_step(monkeypatch) -> None:
    monkeypatch.setattr(upgrade, "SCHEMA", 3)
    monkeypatch.setattr(
        upgrade,
        "STEPS",
        {
            1: lambda r: {"schema": 1, "y": r["x"]},
            2: lambda r: {"schema": 2, "z": r["y"] + 1},
        },
    )
    raw = {"schema": 1, "x": 1}
    assert upgrade.upgrade(raw, Path("a.json")) == {"schema": 3, "z": 2}
    assert raw == {"schema": 1, "x": 1}


def test_there_is_a_step_for_every_older_schema() -> None:
    assert sorted(upgrade.STEPS) == list(range(1, SCHEMA))


@pytest.mark.parametrize("schema", [None, "1", 0, -1, 1.0])
def test_no_schema_is_no_record(schema: object) -> None:
    with pytest.raises(RecordError, match="has no schema number"):
        upgrade.upgrade({"schema": schema}, Path("a.json"))


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(RecordError, match=r"a\.json has schema 99.*Upgrade"):
        upgrade.upgrade({"schema": 99}, Path("a.json"))


def test_a_record_of_the_first_schema_is_still_read() -> None:
    """It was written by segbench before there were launches and stopping rules."""
    found = read_result(Path(__file__).parents[1] / "data" / "records" / "schema-1.json")
    (launch,) = found.get("timing").launches
    assert len(launch.end_to_end_ns) == 30
    assert found.case.protocol.median_width is None, "thirty calls were all that was asked"
    assert not found.case.protocol.work


def test_a_record_of_the_second_schema_is_a_semantic_one() -> None:
    """It was written by segbench before there were tasks."""
    found = read_result(Path(__file__).parents[1] / "data" / "records" / "schema-2.json")
    assert found.schema_version == SCHEMA
    assert found.case.protocol.task == "semantic"
    assert found.case.fingerprint == found.fingerprint
    assert len(found.get("confusion").images) == 50
