from __future__ import annotations

from bench.gate.comparable import (
    accuracy_fields,
    machine_fields,
    named,
    place_fields,
    setting_fields,
    timing_fields,
)
from bench.record.timing import TimingMeasurement
from bench.suite.protocol import LARGEST
from tests.builders import build_run, case, environment, protocol, result
from tests.gate.planted import moved, of, reprotocolled


def test_equal_fingerprints_leave_no_field(tmp_path):
    a = of(build_run(tmp_path / "a"), "torch-fp32")
    assert not accuracy_fields(a, a)
    assert not place_fields(a, a)


def test_threads_and_protocol_are_named():
    four = environment(threads=4)
    a = result(timing_fingerprint="a")
    b = result(case(protocol=protocol(iterations=90)), timing_fingerprint="b", environment=four)
    assert timing_fields(a, b) == {"iterations": (30, 90), "threads": (2, 4)}
    assert named(timing_fields(a, b)) == "iterations (30, now 90), threads (2, now 4)"


def test_a_batch_that_was_sought_parts_latency():
    """Asked was the same, the largest that fits; another was found."""
    asked = case(protocol=protocol(scenario="offline", batch_size=LARGEST))

    def found(batch, fingerprint):
        timing = TimingMeasurement(scenario="offline", batch_size=batch, launches=())
        return result(asked, timing_fingerprint=fingerprint, measurements=(timing,))

    assert timing_fields(found(14, "a"), found(13, "b")) == {"batch_size": (14, 13)}


def test_input_size_parts_both(tmp_path):
    a = build_run(tmp_path / "a")
    b = reprotocolled(build_run(tmp_path / "b"), "torch-fp32", height=64, width=128)
    old, new = of(a, "torch-fp32"), of(b, "torch-fp32")
    assert accuracy_fields(old, new) == {"input": ([None, None], [64, 128])}
    assert "input" in timing_fields(old, new)


def test_another_dataset_is_named(tmp_path):
    run = build_run(tmp_path / "a")
    old = of(run, "torch-fp32")
    found = old.dataset.model_copy(update={"digest": "e" * 64})
    new = old.model_copy(update={"dataset": found, "accuracy_fingerprint": "x"})
    assert accuracy_fields(old, new) == {"dataset": ("d" * 12, "e" * 12)}


def test_an_unknown_machine_is_no_machine_of_ours(tmp_path):
    run = build_run(tmp_path / "a")
    old = of(run, "torch-fp32")
    unknown = old.model_copy(update={"environment": None})
    assert machine_fields(unknown, unknown)
    assert machine_fields(old, of(moved(run), "torch-fp32"))


def test_versions_inform():
    a, b = result(), result(environment=environment(versions={"torch": "2.14.0"}))
    assert setting_fields(a, b)["torch version"] == ("2.13.0", "2.14.0")
    assert not place_fields(a, b)
