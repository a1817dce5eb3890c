from bench import registry
from bench.metrics.base import Source
from bench.metrics.catalog import CATALOG, info
from bench.metrics.rows import reference_of
from tests.builders import build_run


def test_every_listed_name_is_computed_and_every_computed_name_is_listed(tmp_path):
    run = build_run(tmp_path)
    result = run.results[0]
    made = set()
    for task in registry.TABLE["task"]:
        of = result.model_copy(update={"case": result.case.asking(task=task)})
        for name in registry.TABLE["metric"]:
            made |= set(registry.load("metric", name)(Source(run, of, reference_of(run, result))))
    optional = {n for n in CATALOG if n.startswith(("logits", "class_logits", "mask_logits"))}
    assert made == set(CATALOG) - optional


def test_definitions_are_sentences_with_unit_and_direction():
    for name, meaning in CATALOG.items():
        assert meaning.name == name
        assert meaning.definition.endswith(".")
        assert meaning.unit
        assert meaning.better in {"higher", "lower"}


def test_a_name_that_a_plugin_brings_has_no_meaning_here():
    assert (info("entropy").unit, info("entropy").better) == ("", "")
    assert info("miou") is CATALOG["miou"]
