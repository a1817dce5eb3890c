import pytest

from bench import registry
from bench.metrics.base import Metric
from bench.metrics.rows import reference_of, rows
from bench.record.store import read_run, write_result
from tests.builders import ROWS, Planned, build_run


def test_every_result_is_a_row_and_every_gap_has_a_reason(tmp_path):
    made = rows(build_run(tmp_path))
    assert [r.result.case.variant.slug for r in made] == [r.slug for r in ROWS]
    names = set(made[0].metrics)
    for row in made:
        assert set(row.metrics) == names
        for metric in row.metrics.values():
            assert (metric.value is None) == bool(metric.reason)
            assert metric.low is None or metric.low <= metric.value <= metric.high
    wrong = next(r for r in made if r.status == "wrong")
    assert wrong.value("miou") is not None
    assert len(wrong.by_class["iou"]) == 19
    assert made[-1].by_class == {}


def test_the_reference_on_the_same_target_comes_first(tmp_path):
    planned = (
        Planned(),
        Planned("torch-bf16", flip=0.1),
        Planned(target="one"),
        Planned("torch-bf16", target="one"),
        Planned("torch-bf16", target="two"),
    )
    run = build_run(tmp_path, planned)
    found = [reference_of(run, r).case.target.name for r in run.results]
    assert found == ["cpu", "cpu", "one", "one", "cpu"]


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_reference_that_was_measured_elsewhere_serves_accuracy_alone(tmp_path, status):
    planned = (
        Planned(),
        Planned(target="one", status=status, reason="It is so."),
        Planned("torch-bf16", flip=0.1, target="one"),
    )
    made = rows(build_run(tmp_path, planned))
    assert made[2].value("miou_difference") < 0
    assert "wasn't measured on one" in made[2].metrics["latency_ratio"].reason


def test_another_model_is_no_reference(tmp_path):
    run = build_run(tmp_path, (Planned(), Planned("torch-bf16", model="other")))
    assert reference_of(run, run.results[1]) is None
    made = rows(run)[1]
    assert "no result of the reference variant" in made.metrics["miou_difference"].reason


def changed(run, **fields):
    """A run of the reference's result and the other one, whose case has other fields."""
    second = run.results[1]
    parts = {
        k: getattr(second.case, k).model_copy(update=v)
        for k, v in fields.items()
        if type(v) is dict
    }
    of = second.case.model_copy(update={**fields, **parts})
    write_result(run.folder, second.model_copy(update={"case": of}))
    return read_run(run.folder)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"model": {"location": "elsewhere", "about": "Said anew."}}, True),
        ({"dataset": {"root": "elsewhere", "about": "Said anew."}}, True),
        ({"weights_digest": "other"}, False),
        ({"dataset_digest": "other"}, False),
        ({"dataset": {"split": "test"}}, False),
        ({"protocol": {"postprocess": "hf"}}, False),
        ({"protocol": {"iterations": 7}}, True),
    ],
)
def test_the_reference_has_the_same_weights_and_images_wherever_they_lie(tmp_path, fields, found):
    run = changed(build_run(tmp_path, (Planned(), Planned("torch-bf16"))), **fields)
    assert (reference_of(run, run.results[1]) is not None) == found


def test_results_that_the_plan_no_longer_names_are_left_out(tmp_path):
    planned = (Planned(), Planned("torch-bf16"), Planned("openvino-fp32"))
    run = build_run(tmp_path, planned, plan=(planned[1].case.id, "one/more/case"))
    assert [r.id for r in rows(run)] == [planned[1].case.id]
    assert reference_of(run, run.get(planned[1].case.id)) is None


def test_metrics_of_plugins_are_called_too(tmp_path, monkeypatch):
    run = build_run(tmp_path, (Planned(),))
    known = registry.entries("metric")
    more = {**known, "mine": registry.Entry("metric", "mine", "mine:metrics", "other")}
    monkeypatch.setattr(registry, "entries", lambda kind: more)
    load = registry.load
    mine = lambda source: {"cases": Metric(float(len(source.run.results)))}  # noqa: E731
    monkeypatch.setattr(
        registry, "load", lambda kind, name: mine if name == "mine" else load(kind, name)
    )
    assert rows(run)[0].value("cases") == 1
