from dataclasses import replace

from bench.metrics.base import Row
from bench.report.blocks import Items, Table
from bench.report.sections.robustness import section
from bench.report.sections.variants import section as variants
from bench.suite.policy import GatePolicy, Rule
from tests.builders import Corrupted, Planned
from tests.report.conftest import words

BF16 = "torch-bf16"


def both(corruption="", flip=0.0, **more):
    return Corrupted(corruption=corruption), Corrupted(
        BF16, flip=flip, corruption=corruption, **more
    )


def table(found):
    (one,) = (b for b in found.blocks if isinstance(b, Table))
    return one


def test_variants_stand_against_corruptions(view_of):
    view = view_of(*both(), *both("fog/1"), *both("fog/3", 0.3), *both("motion_blur/5"))
    found = section(view)
    shown = table(found)
    assert [c.title for c in shown.columns] == ["Variant", "Clean", "fog", "motion blur", "mPC"]
    assert [row[0].text for row in shown.rows] == ["torch-fp32", "torch-bf16"]
    assert shown.rows[0][2].detail == "100 %"
    assert shown.notes[0] == "mean over levels 1, 3"
    text = words(found)
    assert "torch-bf16 breaks earlier than torch-fp32 under fog from level 3 on" in text
    assert "motion blur from" not in text


def test_who_does_not_break_is_said_with_what_that_means(view_of):
    text = words(section(view_of(*both(), *both("fog/1"))))
    assert "torch-bf16 does not break earlier than torch-fp32, as far as" in text


def test_who_is_broken_already_is_said(view_of):
    view = view_of(*both(flip=0.4), *both("fog/1", 0.4))
    (items,) = (b for b in section(view).blocks if isinstance(b, Items))
    assert "on the images as they are" in items.items[0]


def test_a_missing_number_has_its_reason(view_of):
    gone = {"status": "failed", "reason": "It was killed."}
    shown = table(section(view_of(*both(), *both("fog/1", **gone))))
    cell = shown.rows[1][2]
    assert cell.text == "\N{EM DASH}"
    assert "level 1: failed" in cell.note


def test_corrupted_groups_stand_in_this_section_only(view_of):
    view = view_of(*both(), *both("fog/1"))
    assert [g.case.axis for g in view.measured_groups] == ["corruption=none"]
    tables = [b for b in variants(view).blocks if isinstance(b, Table)]
    assert len(tables) == 1


def test_a_run_of_corrupted_images_alone_still_has_its_tables(view_of):
    view = view_of(*both("fog/1"))
    assert [g.case.axis for g in view.measured_groups] == ["corruption=fog-1"]
    assert "which variants break earlier than the reference isn't known" in words(section(view))


def test_a_plain_run_has_no_such_section(view_of):
    assert section(view_of(Planned())) is None


def test_the_margin_is_that_of_the_task(view_of):
    def of_panoptic(row):
        case = row.result.case
        asked = case.protocol.model_copy(update={"task": "panoptic"})
        result = row.result.model_copy(update={"case": case.model_copy(update={"protocol": asked})})
        return Row(result, {n.replace("miou", "pq"): m for n, m in row.metrics.items()})

    policy = GatePolicy(rule=(Rule(metric="pq", margin=0.9),))
    view = view_of(*both(), *both("fog/3", 0.3), gate=policy)
    assert "breaks earlier" in words(section(view))
    text = words(section(replace(view, rows=tuple(map(of_panoptic, view.rows)))))
    assert "PQ under corruption" in text
    assert "a loss of 90.00 points" in text
