"""The statistics on ratios of another task than the semantic one."""

import io

import numpy as np
import pytest
from rich.console import Console

from bench.cli.table import print_rows
from bench.gate.comparison import compare
from bench.gate.judge import judge
from bench.metrics.intervals import Differences, mean_interval
from bench.metrics.paired import paired, ratios
from bench.metrics.rows import rows
from bench.report.card import render_card
from bench.report.recommend import advise
from bench.report.view import View
from bench.suite.policy import GatePolicy, Rule
from bench.tasks.base import Ratios, mean, task_of
from bench.tasks.panoptic import MATCHED
from tests.builders import Planned, build_run
from tests.tasks.runs import NAMES, panoptic_run, tally

ROWS = (Planned(), Planned("torch-bf16", flip=0.3), Planned("torch-fp16"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return panoptic_run(tmp_path_factory.mktemp("panoptic"), ROWS)


def test_every_number_of_the_task_is_there(run) -> None:
    reference, worse, same = rows(run)
    assert reference.value("miou") is None
    assert reference.metrics["pq"].low < reference.value("pq") < reference.metrics["pq"].high
    difference = worse.metrics["pq_difference"]
    assert difference.value == pytest.approx(worse.value("pq") - reference.value("pq"))
    assert difference.low < difference.value < difference.high < 0
    assert worse.value("pq_detectable") > difference.high - difference.value
    assert same.metrics["pq_difference"].value == same.metrics["pq_difference"].high == 0
    assert "nothing scatters" in same.metrics["pq_detectable"].reason
    assert worse.value("pq") == pytest.approx(
        (8 * worse.value("pq_things") + 11 * worse.value("pq_stuff")) / 19
    )
    each = worse.by_class["pq_difference"]
    apart = worse.by_class["pq"]["car"].value - reference.by_class["pq"]["car"].value
    assert each["car"].value == pytest.approx(apart)
    assert set(worse.by_class) == {"pq", "sq", "rq", "pq_difference"}


def test_a_paired_difference_is_that_of_resampled_images_drawn_one_by_one(run) -> None:
    """Against a plain loop over resamples: the standard error within a tenth."""
    (one, two, _), task = run.results, task_of(run.results[0].case)
    found = paired(task, (run.folder, two.get("segments")), (run.folder, one.get("segments")))
    a, b = (ratios(task, run.folder, r.get("segments"))["pq"] for r in (two, one))
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(2000):
        at = rng.integers(0, 24, 24)
        drawn.append(mean(a.at(at).pooled()) - mean(b.at(at).pooled()))
    assert found.headline.mean.value == pytest.approx(mean(a.pooled()) - mean(b.pooled()))
    # The interval is some two standard errors wide on each side, and more where t is wide.
    half = found.headline.mean.high - found.headline.mean.value
    assert 1.7 < half / np.std(drawn) < 3.2
    assert (found.images, found.units) == (24, 24)


def drawn(seed: int, images: int, lost: float) -> Ratios:
    """PQ's ratios of images that were never seen, some of whose matches are lost."""
    iou, whole = np.zeros((2, images, len(NAMES)))
    for i in range(images):
        found = tally(np.random.default_rng([seed, i]), lost)
        matched = found["outcome"] == MATCHED
        quotient = found["intersection"][matched] / found["union"][matched]
        np.add.at(iou[i], found["class_index"][matched], quotient)
        np.add.at(whole[i], found["class_index"], np.where(matched, 1.0, 0.5))
    return Ratios(NAMES, iou, whole)


def test_nineteen_of_twenty_intervals_of_pq_hold_the_truth() -> None:
    """Simulated sets of 25 images, single values and paired differences."""
    truth = [float(mean(drawn(10**6, 3000, lost).pooled())) for lost in (0.0, 0.1)]
    held = [0, 0]
    sets = 150
    for seed in range(sets):
        a, b = drawn(seed, 25, 0.0), drawn(seed, 25, 0.1)
        one, two = mean_interval(a), Differences(b, a).mean
        held[0] += one.low <= truth[0] <= one.high
        held[1] += two.low <= truth[1] - truth[0] <= two.high
    assert all(0.88 <= h / sets <= 0.99 for h in held), held


def test_the_gate_judges_pq_and_each_class(run, tmp_path) -> None:
    now = panoptic_run(tmp_path / "now", (Planned(flip=0.4), *ROWS[1:]))
    verdicts = {(v.case.split("/")[1], v.metric): v for v in judge(now, run).verdicts}
    lost = verdicts["torch-fp32", "pq"]
    assert (lost.kind, lost.blocks) == ("regressed", True)
    assert verdicts["torch-bf16", "pq"].kind == "unchanged"
    assert ("torch-fp32", "pq.car") in verdicts
    assert not any(m.startswith(("miou", "iou")) for _, m in verdicts)
    rule = GatePolicy(rule=(Rule(metric="pq*", blocks=False),))
    loose = now.info.model_copy(update={"gate": rule})
    old = type(run)(run.folder, loose)
    assert not any(v.blocks for v in judge(now, old).verdicts if v.metric.startswith("pq"))


def test_two_runs_are_compared_by_pq(run, tmp_path) -> None:
    now = panoptic_run(tmp_path / "now", (Planned(flip=0.4), *ROWS[1:]))
    change = compare(run, now)[0].changes[0]
    assert (change.metric, change.kind) == ("pq", "difference")
    assert change.low < change.value < change.high < 0


def test_card_advice_and_table_speak_of_pq_alone(run) -> None:
    text = render_card(run.folder)["card.md"].decode()
    assert "mIoU" not in text
    assert "panoptic_quality" in text
    assert "**PQ by class, %" in text
    for title in ("Mean (PQ)", "Things (PQ)", "Recognition quality (RQ)"):
        assert title in text
    assert "mIoU" not in " ".join(advise(View(run, rows(run)).groups))
    shown = io.StringIO()
    print_rows(rows(run), Console(file=shown, width=200))
    assert "PQ %" in shown.getvalue()


def test_tasks_side_by_side_keep_their_own_headlines(tmp_path) -> None:
    built = build_run(tmp_path, ROWS[:2], images=8)
    mixed = (rows(panoptic_run(tmp_path / "panoptic", ROWS[:1]))[0], *rows(built))
    assert [r.names.headline for r in mixed] == ["pq", "miou", "miou"]
    assert mixed[0].value("headline") == mixed[0].value("pq")
    assert mixed[2].metric("headline_difference") == mixed[2].metrics["miou_difference"]
