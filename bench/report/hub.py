"""Metadata for the Hugging Face hub: the card's front matter, and an `.eval_results` file.

The hub groups results by task, data set, config and split, and silently keeps only the first one's
arguments and source; so the variant and its target go into `dataset_config`. Values are those that
the card prints, as plain Python numbers.
"""

from typing import Any

from bench.metrics.base import Row
from bench.metrics.catalog import info
from bench.metrics.format import finite, milliseconds_value, percent_value, points_value
from bench.report.view import View
from bench.tasks.base import task_of

METRICS = (("latency_p50_ms", "latency"), ("agreement", "agreement"))
"""Derived name and the hub's type; the task's headline comes first."""
ROUNDED = {"fraction": ("%", percent_value), "ms": ("ms", milliseconds_value)}
"""Unit -> the card's own, and the number in it that a card prints."""


def config_of(row: Row) -> str:
    """`torch-fp32/cpu[/axis]`: what tells two results on one data set apart."""
    case = row.result.case
    return "/".join(p for p in (case.variant.slug, case.target.name, case.axis) if p)


def metadata(view: View) -> dict[str, Any]:
    """Front matter of card.md; `wrong` rows stay in the card and out of the leaderboards."""
    from huggingface_hub import ModelCardData
    from huggingface_hub.repocard_data import eval_results_to_model_index

    models = {r.result.case.model.name: r.result.case.model for r in view.rows}
    licences = sorted({m.licence for m in models.values() if m.licence})
    bases = sorted({m.hub_id for m in models.values() if m.hub_id})
    tasks = [task_of(r.result.case) for r in view.rows]
    tags = [task.hub[1].lower().replace(" ", "-") for task in tasks]
    card = ModelCardData(
        license=licences[0] if len(licences) == 1 else None,
        base_model=bases or None,
        pipeline_tag="image-segmentation",
        tags=["segbench", *dict.fromkeys(tags), "benchmark"],
        datasets=sorted({r.result.case.dataset.name for r in view.measured}) or None,
        metrics=list(dict.fromkeys(task.hub[2] for task in tasks)),
    )
    data: dict[str, Any] = card.to_dict()  # type: ignore[no-untyped-call]
    index = [
        entry
        for name in models
        if (results := eval_results_of(view, name))
        for entry in eval_results_to_model_index(name, results)
    ]
    return {**data, "model-index": index} if index else data


def eval_results_of(view: View, model: str) -> list[Any]:
    """`EvalResult` of every ok number of a model, in the order of the card."""
    from huggingface_hub import EvalResult

    found = []
    for row in _publishable(view):
        case = row.result.case
        if case.model.name != model:
            continue
        task = task_of(case)
        for name, kind in ((task.headline, task.hub[2]), *METRICS):
            about = info(name)
            unit, rounded = ROUNDED[about.unit or "fraction"]  # a plug-in task has no unit
            value = finite(row.value(name))
            if value is not None:
                found.append(
                    EvalResult(
                        task_type=task.hub[0],
                        task_name=task.hub[1],
                        dataset_type=case.dataset.name,
                        dataset_name=case.dataset.name,
                        dataset_config=config_of(row),
                        dataset_split=case.dataset.split,
                        dataset_args=_args(row),
                        metric_type=kind,
                        metric_name=f"{about.title} ({unit})",
                        metric_value=rounded(value),
                    )
                )
    return found


def front_matter(data: dict[str, Any]) -> str:
    """YAML between two lines of dashes."""
    return f"---\n{_yaml(data)}---\n\n"


def eval_results(view: View) -> str:
    """YAML in the form of `.eval_results/*.yaml`: one entry an accuracy of an ok row."""
    entries = []
    for row in _publishable(view):
        accuracy = finite(row.value("headline"))
        if accuracy is None:
            continue
        case = row.result.case
        entry: dict[str, Any] = {
            "dataset": {"id": case.dataset.name, "task_id": f"{case.model.name}/{config_of(row)}"},
            "value": points_value(accuracy),
            "notes": f"{row.names.label} in percent; accuracy fingerprint {row.result.accuracy_fingerprint}",
        }
        if row.result.started:
            entry["date"] = row.result.started
        entries.append(entry)
    return _yaml(entries)


def _publishable(view: View) -> list[Row]:
    return [r for r in view.measured if r.status == "ok"]


def _args(row: Row) -> dict[str, str]:
    """What makes two numbers comparable."""
    return {
        "accuracy_fingerprint": row.result.accuracy_fingerprint,
        "timing_fingerprint": row.result.timing_fingerprint,
        "case": row.id,
    }


def _yaml(value: Any) -> str:
    import yaml

    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000))
