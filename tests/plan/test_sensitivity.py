"""The search, on rows that are made up; tests/benchmarks measures real ones."""

import pytest

from bench.cli.sensitivity import toml
from bench.errors import BadInput
from bench.metrics.base import Metric, Row
from bench.plan import sensitivity
from bench.plan.sensitivity import Cost, Found, excluding, search, unquantized
from bench.plan.setting import Setting
from bench.record.base import ArrayFile
from bench.record.counts import ConfusionMeasurement
from bench.record.work import PartWork
from bench.suite.choose import single_case
from bench.suite.tables import tables
from tests import builders, small

INT8 = tables().variants["onnx-onnxruntime-int8-static"]


def cost(value, sqnr=10.0, excluded=()):
    return Cost(excluded, Metric(0.5), Metric(value), sqnr)


def test_the_float_graph_is_the_recipe_without_the_steps_that_quantize():
    plain = unquantized(INT8)
    assert [s.name for s in plain.steps] == ["onnx"]
    assert (plain.precision, plain.calibration, plain.slug) == (
        "fp32", None, "onnx-onnxruntime-fp32-float",
    )  # fmt: skip
    assert unquantized(tables().variants["openvino-int8-bf16"]).precision == "bf16"
    with pytest.raises(BadInput, match="no step that quantizes"):
        unquantized(tables().variants["onnx-onnxruntime-fp32"])


def test_a_list_joins_the_one_that_is_there_and_the_next_export_takes_it(tmp_path):
    once = excluding(INT8, ["a"], "kept")
    twice = excluding(once, ["b.c"], "")
    assert twice.steps[-1].options["exclude"] == ["a", "b.c"]
    assert twice.steps[-1].options["operators"] == ["MatMul", "Gemm", "Conv"]
    path = tmp_path / "kept.toml"
    path.write_text(toml(twice))
    asked = single_case("segformer-micro", str(path), "scenes", roots={}, weights={}, protocol={})
    assert asked.variant == twice
    path.write_text(path.read_text() + path.read_text().replace("static-kept", "static"))
    with pytest.raises(BadInput):
        single_case("segformer-micro", str(path), "scenes", roots={}, weights={}, protocol={})


@pytest.mark.parametrize(
    ("whole", "left", "share"), [(-0.04, -0.01, 0.75), (-0.04, 0.0, 1.0), (0.01, 0.0, None)]
)
def test_a_share_of_the_loss_is_won_back(whole, left, share):
    assert Found("mIoU", 3, cost(whole), (), ()).won_back(cost(left)) == share


def test_the_most_costly_comes_first_and_noise_decides_between_equals():
    given = [("a", cost(-0.1)), ("b", cost(-0.3)), ("c", cost(-0.1, 5.0)), ("d", cost(0.1))]
    assert [name for name, _ in sorted(given, key=sensitivity._order)] == ["b", "c", "a", "d"]


@pytest.mark.parametrize(
    ("left", "tried"), [((0.0,), 1), ((-0.03, -0.005), 2), ((-0.04, -0.04, -0.04), 3)]
)
def test_blocks_are_left_out_in_the_order_of_their_cost_until_enough_is_won_back(
    monkeypatch, tmp_path, left, tried
):
    """Costs of a, b, c and d alone are 1, 3, 2 and 0 points, and 4 together."""
    alone = {"a": -0.01, "b": -0.03, "c": -0.02, "d": 0.0}
    parts = [PartWork(name=n, parameters=1, buffers=0, macs=1, bytes_moved=1) for n in alone]
    lists = [["b"], ["b", "c"], ["b", "c", "a"]]

    def measured(case, variants, *_):
        found = {}
        for v in variants:
            excluded = next(iter(s.options.get("exclude", []) for s in v.steps[1:]), None)
            if excluded is None:
                value = None
            elif excluded in lists and "without" in v.slug:
                value = left[min(lists.index(excluded), len(left) - 1)]
            else:
                value = -0.04 if not excluded else sum(alone[n] for n in alone if n not in excluded)
            found[v.slug] = row(case, v, value)
        return found

    monkeypatch.setattr(sensitivity, "_blocks", lambda *_: tuple(parts))
    monkeypatch.setattr(sensitivity, "_measured", measured)
    case = builders.case(variant=INT8)
    found = search(case, Setting(run=tmp_path, cache=tmp_path), small.Quiet())
    assert [b.name for b, _ in found.blocks] == ["b", "c", "a", "d"]
    assert [c.difference.value for _, c in found.blocks] == [-0.03, -0.02, -0.01, 0.0]
    assert found.whole.difference.value == -0.04
    assert [list(c.excluded) for c in found.kept] == lists[:tried]


def row(case, variant, value):
    counts = ConfusionMeasurement(
        classes=("a",), images=("x", "y"), asked=2, arrays=ArrayFile(file="x.npz", sha256="0")
    )
    result = builders.result(case.model_copy(update={"variant": variant}))
    result = result.model_copy(update={"measurements": (counts,)})
    metrics = {"miou": Metric(0.5), "miou_difference": Metric(value), "map_sqnr_db": Metric(9.0)}
    return Row(result, metrics)
