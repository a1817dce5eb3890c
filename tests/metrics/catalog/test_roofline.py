import pytest

from bench.metrics.base import Source
from bench.metrics.catalog.processes import metrics as processes
from bench.metrics.catalog.roofline import ABOVE, COUNTED, REACHED, ceiling_of, forward, metrics
from bench.record.store import to_json
from bench.record.work import WorkMeasurement
from tests import measured
from tests.builders import Planned, build_run


@pytest.fixture
def source(tmp_path):
    """Function: measurements that replace those of the same kind -> source of a built result."""
    run = build_run(tmp_path, (Planned(latency_ms=25.0),))

    def make(*changed, **more):
        result = run.results[0]
        kinds = {m.kind for m in changed} | set(more.pop("without", ()))
        kept = tuple(m for m in result.measurements if m.kind not in kinds)
        result = result.model_copy(update={"measurements": (*kept, *changed), **more})
        return Source(run, result, None)

    return make


def test_the_counts_are_sums_over_the_parts(source):
    found = metrics(source())
    assert [found[n].value for n in COUNTED] == [800_000, 1e9, 2e8]


def test_the_model_is_timed_as_the_phase_forward(source):
    asked = source()
    expected = processes(asked)["phase_forward_ms"]
    assert forward(asked.result).value / 1e6 == pytest.approx(expected.value, rel=1e-12)
    speed = metrics(asked)["achieved_gflops"].value
    assert speed == pytest.approx(2e9 / (expected.value * 1e-3) / 1e9)
    # 10 operations a byte and 20 GB/s give the same 200 GFLOP/s as the peak.
    assert metrics(asked)["roofline_share"].value == pytest.approx(speed / 200)


def test_the_interval_is_that_of_the_time_turned_over(source):
    launches = [measured.timing(25.0, seed=i).launches[0] for i in range(4)]
    timing = measured.timing(25.0).model_copy(update={"launches": tuple(launches)})
    asked = source(timing)
    timed, found = forward(asked.result), metrics(asked)["achieved_gflops"]
    assert found.low == pytest.approx(2e9 / timed.high)
    assert found.high == pytest.approx(2e9 / timed.low)
    assert found.low < found.value < found.high


def test_a_share_above_one_says_why(source):
    found = metrics(source(measured.timing(1.0)))["roofline_share"]
    assert found.value > 1
    assert found.note == ABOVE


def test_a_ceiling_from_a_busy_machine_is_said_to_be_too_low(source):
    of = source()
    assert not metrics(of)["roofline_share"].note
    (path,) = (of.run.folder / "ceilings").glob("*.json")
    roof = of.run.ceilings()[0]
    for busy, said in ((0.05, False), (1.25, True), (None, False)):
        path.write_bytes(to_json(roof.model_copy(update={"foreign_cpu": busy})))
        note = metrics(of)["roofline_share"].note
        assert ("kept 1.2 processors busy" in note) == said


def test_missing_things_give_reasons(source):
    gone = WorkMeasurement(batch_size=1, height=1, width=1, absent="an ONNX file of another world")
    assert metrics(source(gone))["macs"].reason == gone.absent
    bare = metrics(source(without={"work", "components"}))
    assert all(bare[n].value is None and bare[n].reason for n in (*COUNTED, *REACHED))
    untimed = metrics(source(without={"timing"}))
    assert untimed["macs"].value == 1e9
    assert untimed["achieved_gflops"].reason == "the forward pass was not timed"
    elsewhere = metrics(source(environment=None))
    assert "ceiling was not measured" in elsewhere["roofline_share"].reason
    assert elsewhere["achieved_gflops"].value is not None


def test_operators_without_a_rule_are_named_beside_the_count(source):
    found = measured.work().model_copy(update={"uncounted": {"_fft_r2c": 2}})
    assert metrics(source(found))["macs"].note == "without _fft_r2c, for which there is no rule"


def test_a_ceiling_counts_only_for_its_machine_device_and_threads(source):
    of = source()
    (path,) = (of.run.folder / "ceilings").glob("*.json")
    roof = of.run.ceilings()[0]
    assert ceiling_of(of) == roof
    other = roof.machine.model_copy(update={"processor": "another"})
    for change in ({"device": "cuda"}, {"threads": roof.threads + 1}, {"machine": other}):
        path.write_bytes(to_json(roof.model_copy(update=change)))
        assert ceiling_of(of) is None
