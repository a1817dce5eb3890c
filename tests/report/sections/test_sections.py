"""Each section on the same small run: what must be on it, and when it stays away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import registry
from bench.metrics.intervals import MIN_GROUPS
from bench.report.blocks import Figure, Gallery, Section, Table
from bench.report.view import View
from tests.builders import Planned, Swept
from tests.report.conftest import words

ALWAYS = {"summary", "variants", "limits"}
ASKED = {
    "calibration", "confidence", "coverage", "differences", "exports", "fits", "processing", "robustness", "sweeps",
}  # fmt: skip
"""Sections of what a suite must ask for; each has a file of tests of its own."""


def load(name):
    return registry.load("section", name)


def tables(section):
    return [b for b in section.blocks if isinstance(b, Table)]


@pytest.mark.parametrize("name", [n for n in registry.TABLE["section"] if n not in ASKED])
def test_a_section_has_its_name_and_something_to_say(view, name):
    found = load(name)(view)
    assert isinstance(found, Section)
    assert found.name == name
    assert found.blocks


@pytest.mark.parametrize("name", registry.TABLE["section"])
def test_a_run_without_numbers_needs_no_excuse(view_of, name):
    empty = view_of(Planned(status="skipped", reason="nothing here"))
    found = load(name)(empty)
    assert (found is not None) == (name in ALWAYS | {"unmeasured"})


def test_the_summary_warns_of_wrong_forms(view):
    text = words(load("summary")(view))
    assert "Of 11 cases: 1 wrong, 1 failed, 2 skipped and 1 not yet measured." in text
    assert "Do not deploy torch-bf16 of micro" in text


def test_the_main_table_holds_every_row_and_marks_the_wrong_ones(view):
    first = tables(load("variants")(view))[0]
    badges = [row[0].badge for row in first.rows]
    assert badges == ["reference", "", "", "wrong", "skipped", "failed"]
    wrong = first.rows[3]
    assert wrong[0].note.startswith("Wrong: ")
    assert first.rows[4][1].text == "openvino is not installed."
    assert first.rows[4][1].span == len(first.columns) - 1


def test_fingerprints_stand_under_the_table(view):
    section = load("variants")(view)
    for row in view.measured:
        assert row.result.timing_fingerprint in words(section)
    assert view.rows[0].result.accuracy_fingerprint in words(section)


def test_seeded_weights_explain_the_missing_miou(view):
    table = tables(load("variants")(view))[-1]
    assert table.rows[0][1].text == "\N{EM DASH}"
    assert table.rows[0][1].note == "seeded weights"


def test_what_the_suite_says_of_a_variant_is_printed(view_of):
    assert "Weights in half." in words(load("variants")(view_of(Planned(about="Weights in half."))))


def test_wrong_forms_are_on_the_plot(view):
    figure = next(b for b in load("tradeoff")(view).blocks if isinstance(b, Figure))
    assert "torch-bf16: wrong" in figure.svg
    assert "untrained" not in figure.svg


def test_two_points_make_no_plot(view_of):
    assert load("tradeoff")(view_of(Planned(), Planned("torchscript-fp32"))) is None


def test_classes_are_tinted_and_the_same_form_is_shown_once(view):
    table, beside = tables(load("classes")(view))
    assert [c.title for c in beside.columns] == [
        "Class",
        "onnx-onnxruntime-fp32",
        "onnx-onnxruntime-int8-static",
        "torch-bf16 (wrong)",
    ]
    assert [c.title for c in table.columns] == [
        "Class",
        "torch-fp32",
        "onnx-onnxruntime-fp32",
        "onnx-onnxruntime-int8-static",
        "torch-bf16 (wrong)",
    ]
    road = table.rows[0]
    assert road[0].swatch == "#804080"
    assert all(0 <= c.heat <= 1 for c in road[1:])


def test_a_sweep_repeats_no_table_of_equal_ious_and_says_where_each_stands(view_of):
    same = [Swept("torch-fp32", sweep={"batch_size": n}) for n in (1, 2)]
    other = Swept("torch-fp32", flip=0.2, sweep={"size": "128x256"})
    section = load("classes")(view_of(*same, other))
    assert [t.caption for t in tables(section)] == [
        "IoU by class, %, of micro on scenes, batch_size=1",
        "IoU by class, %, of micro on scenes, size=128x256",
    ]
    assert "isn't repeated" in words(section)
    assert "isn't repeated" not in words(load("classes")(view_of(same[0], other)))


def test_differences_show_an_interval_where_it_leaves_out_zero(view):
    beside = tables(load("classes")(view))[1]
    road = beside.rows[0]
    assert (road[1].text, road[1].detail) == ("0.00", "")
    assert " to " in road[3].detail
    assert [row[0].text for row in beside.rows[-2:]] == [
        "vehicle",
        "Smallest drop of mIoU that shows",
    ]
    smallest = beside.rows[-1]
    assert "nothing scatters" in smallest[1].note
    assert float(smallest[2].text) > 0


def test_the_summary_names_the_smallest_drop_that_shows(view_of):
    said = words(load("summary")(view_of(Planned(), Planned("torch-bf16", flip=0.1))))
    assert "With these 8 images a drop of mIoU under" in said
    same = words(load("summary")(view_of(Planned(), Planned("torch-bf16"))))
    assert "With these" not in same


def test_phases_of_one_form_need_no_drawing(view_of):
    found = load("phases")(view_of(Planned()))
    assert not [b for b in found.blocks if isinstance(b, Figure)]
    assert tables(found)


def test_memory_says_what_was_not_measured_and_why(view):
    text = words(load("memory")(view))
    assert "Peak GPU memory" in text
    assert "There is no GPU on this machine." in text
    assert "high-water mark" in text


def test_the_gallery_shows_the_reference_in_full_and_the_others_once(view):
    full, others = [b for b in load("gallery")(view).blocks if isinstance(b, Gallery)]
    assert [len(pictures) for _, pictures in full.rows] == [4, 4]
    assert [len(pictures) for _, pictures in others.rows] == [2, 2, 2]
    assert [p.badge for _, pictures in others.rows for p in pictures if p.badge] == ["wrong"]


def test_a_record_without_disagreement_shows_what_it_has_and_keeps_the_share(view):
    rows = []
    for row in view.rows:
        found = tuple(
            m.model_copy(
                update={
                    "version": 1,
                    "panels": tuple(p.model_copy(update={"disagreement": ""}) for p in m.panels),
                }
            )
            if m.kind == "gallery"
            else m
            for m in row.result.measurements
        )
        rows.append(replace(row, result=row.result.model_copy(update={"measurements": found})))
    new, old = load("gallery")(view), load("gallery")(View(view.run, tuple(rows)))
    full = next(b for b in old.blocks if isinstance(b, Gallery))
    assert [len(pictures) for _, pictures in full.rows] == [3, 3]
    assert "last picture" in words(new)
    assert "last picture" not in words(old)
    (*_, said, marks) = next(b for b in new.blocks if isinstance(b, Gallery)).rows[0][1]
    assert full.rows[0][1][-1].detail == f"{marks.detail} differ"
    assert full.rows[0][1][-1].content == said.content


def test_reasons_and_failures_are_told(view):
    (table,) = tables(load("unmeasured")(view))
    assert [row[1].badge for row in table.rows] == [
        "wrong",
        "failed",
        "skipped",
        "skipped",
        "pending",
    ]
    assert table.rows[1][2].detail == "Step case, SIGKILL: killed by signal 9"


def test_one_machine_is_described_once(view):
    text = words(load("environment")(view))
    assert text.count("Testing Processor 2") == 1
    assert "0123456789ab, clean" in text
    assert "segbench run built" in text


def test_limits_speak_of_this_record(view):
    text = words(load("limits")(view))
    assert "points to either side" in text
    assert "untrained: weights are seeded" in text
    assert "scenes are drawn" in text


def test_the_limits_name_the_interval_that_is_computed(view):
    text = words(load("limits")(view))
    assert "jackknife with Student's t" in text
    assert "at least ten" in text
    assert "paired, studentized bootstrap" in text
    assert MIN_GROUPS == 10
