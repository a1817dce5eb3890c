from __future__ import annotations

import yaml
from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results

from bench.metrics.format import points
from bench.report import hub


def index_of(view):
    text = hub.front_matter(hub.metadata(view))
    return yaml.safe_load(text.split("---\n")[1])["model-index"]


def test_every_number_survives_the_round_trip(view):
    for element in index_of(view):
        _, found = model_index_to_eval_results([element])
        assert found == hub.eval_results_of(view, element["name"])


def test_no_two_variants_are_merged(view):
    configs = [r["dataset"]["config"] for e in index_of(view) for r in e["results"]]
    assert "torch-fp32/cpu" in configs
    assert "onnx-onnxruntime-fp32/cpu-1-thread" in configs
    assert len(index_of(view)[0]["results"]) == 4


def test_values_are_those_of_the_card(view):
    row = view.rows[0]
    _, found = model_index_to_eval_results(index_of(view)[:1])
    miou = next(f for f in found if f.dataset_config == "torch-fp32/cpu")
    assert f"{miou.metric_value:.2f}" == points(row.value("miou"))
    assert type(miou.metric_value) is float


def test_wrong_failed_and_seeded_numbers_are_not_published(view):
    text = hub.eval_results(view) + hub.front_matter(hub.metadata(view))
    assert "torch-bf16" not in text
    entries = yaml.safe_load(hub.eval_results(view))
    assert {e["dataset"]["task_id"].split("/")[0] for e in entries} == {"micro"}


def test_entries_have_the_hubs_form(view):
    for entry in yaml.safe_load(hub.eval_results(view)):
        assert set(entry) == {"dataset", "value", "notes", "date"}
        assert set(entry["dataset"]) == {"id", "task_id"}


def test_the_hub_reads_the_front_matter(view):
    card = ModelCard(hub.front_matter(hub.metadata(view)) + "# T\n", ignore_metadata_errors=False)
    assert card.data.pipeline_tag == "image-segmentation"


def test_a_run_without_a_good_number_has_no_index(view_of):
    from tests.builders import Planned

    empty = view_of(Planned(status="failed"))
    assert "model-index" not in hub.metadata(empty)
    assert yaml.safe_load(hub.eval_results(empty)) == []
