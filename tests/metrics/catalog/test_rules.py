from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from bench.metrics.format import MISSING
from bench.metrics.rows import rows
from bench.record.further import EdgeMeasurement
from bench.record.store import read_run, write_arrays, write_result
from bench.report.blocks import Table
from bench.report.sections import processing
from bench.report.view import View
from tests.builders import Planned, build_run


@dataclass(frozen=True)
class Ruled(Planned):
    """A row under other rules."""

    axis: str = ""
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def case(self):
        return super().case.asking(**self.rules).model_copy(update={"axis": self.axis})


PLAN = (
    Ruled(axis="whole"),
    Ruled(axis="padded", flip=0.2, rules={"geometry": "pad"}),
    Ruled(axis="batch", rules={"batch_size": 2}),
    Ruled("torch-bf16", axis="padded", flip=0.1, rules={"geometry": "pad"}),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Four cases, of which those of fp32 have counts of the edge, too."""
    made = build_run(tmp_path_factory.mktemp("run"), PLAN, images=12)
    for result in made.results:
        if result.case.variant.slug != "torch-fp32":
            continue
        image = np.arange(12, dtype=np.uint32)
        lost = image % 3 + 4 if result.case.axis == "padded" else 0
        arrays = {"image": image, "class_index": 0 * image, "intersection": 30 - lost + 0 * image,
                  "union": 40 + 0 * image}  # fmt: skip
        seen = {k: getattr(result.get("confusion"), k) for k in ("classes", "images", "asked")}
        near = EdgeMeasurement(
            **seen,
            pixels=32,
            arrays=write_arrays(made.folder / "cases", result.case.id, "edge", arrays),
        )
        more = {"measurements": (*result.measurements, near)}
        write_result(made.folder, result.model_copy(update=more), more=True)
    return read_run(made.folder)


@pytest.fixture(scope="module")
def by_id(run):
    return {(r.names.variant, r.names.axis): r for r in rows(run)}


def test_a_rule_is_held_against_the_first_of_its_variant(by_id):
    whole, padded = by_id["torch-fp32", "whole"], by_id["torch-fp32", "padded"]
    found = padded.metrics["rule_difference"]
    assert found.value == pytest.approx(padded.value("miou") - whole.value("miou"))
    assert found.low < found.value < found.high < 0
    assert found.note == "minus whole"
    near = padded.metrics["edge_rule_difference"]
    assert near.value == pytest.approx(-5 / 40)
    assert padded.value("edge_miou") == pytest.approx(25 / 40)
    assert whole.value("edge_miou") == pytest.approx(30 / 40)


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (("torch-fp32", "whole"), "it is the first"),
        (("torch-fp32", "batch"), "has the rules of the first"),
        (("torch-bf16", "padded"), "it is the first"),
    ],
)
def test_what_is_no_other_rule_is_told(by_id, which, words):
    for name in ("rule_difference", "edge_rule_difference"):
        assert by_id[which].metrics[name].value is None
        assert words in by_id[which].metrics[name].reason


def test_the_edge_has_to_be_asked_for(by_id):
    assert "protocol.edge = true" in by_id["torch-bf16", "padded"].metrics["edge_miou"].reason


def test_the_card_shows_latency_and_accuracy_side_by_side(run, tmp_path):
    found = processing.section(View(run, rows(run)))
    assert found is not None
    (table,) = [b for b in found.blocks if isinstance(b, Table)]
    assert [row[0].text for row in table.rows] == ["whole", "padded", "batch"]
    titles = [column.title for column in table.columns]
    assert titles[1:3] == ["Latency p50", "mIoU"]
    assert MISSING not in [cell.text for cell in table.rows[1]]
    plain = build_run(tmp_path, (Planned(), Planned("torch-bf16", flip=0.1)))
    assert processing.section(View(plain, rows(plain))) is None
