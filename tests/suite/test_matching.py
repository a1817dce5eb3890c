from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.suite.matching import matching, refusal
from tests import builders

NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=6, min_size=1).map(tuple)


def asked(mine, theirs, of=None, **more):
    of = of or builders.model(classes=mine)
    return builders.case(model=of, dataset=builders.dataset(classes=theirs, **more))


def test_a_full_match_says_nothing_and_changes_no_fingerprint():
    found = matching(asked(("dark", "red"), ("rot", "dark"), class_map={"red": "rot"}))
    assert (found.matched, found.void, found.unreached) == (("dark", "red"), (), ())
    assert found.fields() == {}
    assert found.note() == ""


def test_a_partial_match_is_named_on_both_sides():
    found = matching(asked(("dark", "red", "dog"), ("dark", "rot")))
    assert found.fields() == {"model_only": ["red", "dog"], "dataset_only": ["rot"]}
    assert found.note() == (
        "Classes that match by name: dark; only in the model (predictions count as void): red, dog; "
        "only in the data set (always missed): rot."
    )


@given(NAMES, NAMES)
def test_every_class_is_told_once_and_no_match_is_refused(mine, theirs):
    case = asked(mine, theirs)
    found = matching(case)
    assert {*found.matched, *found.void} == set(mine)
    assert set(found.matched) == set(mine) & set(theirs)
    assert set(found.unreached) == set(theirs) - set(mine)
    assert bool(refusal(case)) == (not set(mine) & set(theirs))
    assert bool(found.fields()) == (set(mine) != set(theirs))


def test_a_refusal_names_the_model_the_data_set_and_the_remedy():
    said = refusal(asked(("a", "b"), ("x", "y")))
    assert "No class of model 'micro' ('a', 'b' ...) is a class of data set 'scenes'" in said
    assert "[dataset.scenes.class_map]" in said
    said = refusal(asked((), ("x",), builders.model(classes=(), loader="callable", source="code")))
    assert "Model 'micro' names no classes, and the loader 'callable' can't read them" in said
    assert "[model.micro] `classes`" in said


def test_seeded_weights_have_no_accuracy_to_refuse():
    assert refusal(asked((), ("x",), builders.model(source="seeded", classes=()))) == ""
