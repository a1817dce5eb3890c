from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.suite.variant import Precision, Variant

word = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
precision = st.sampled_from(get_args(Precision))


@given(word, word, precision, word | st.just(""))
def test_the_slug_says_each_part_once(form: str, backend: str, kind: str, recipe: str) -> None:
    made = Variant(name="v", format=form, backend=backend, precision=kind, recipe=recipe)
    parts = made.slug.split("-")
    assert parts[0] == form
    assert kind in parts
    assert "" not in parts
    assert len(parts) == 2 + (backend != form) + bool(recipe)


@given(st.tuples(word, word, precision, word), st.tuples(word, word, precision, word))
def test_different_forms_have_different_slugs(a: tuple, b: tuple) -> None:
    keys = ("format", "backend", "precision", "recipe")
    one, two = (Variant(name="v", **dict(zip(keys, x, strict=True))) for x in (a, b))
    assert (one.slug == two.slug) == (a == b)


def test_precisions_are_a_closed_set() -> None:
    with pytest.raises(ValidationError):
        Variant(name="v", format="torch", backend="torch", precision="fp8")
