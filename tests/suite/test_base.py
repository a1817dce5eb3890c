from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bench.suite.base import canonical, digest
from bench.suite.target import Target

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain, max_size=6))
def test_the_order_of_keys_changes_nothing(value: dict) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)
    assert digest(value) == digest(turned)


@given(plain)
def test_canonical_json_is_json_and_stable(value: object) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text
    assert "\n" not in text


@given(plain, plain)
def test_unequal_texts_have_unequal_digests(a: object, b: object) -> None:
    assert (canonical(a) == canonical(b)) == (digest(a) == digest(b))


def test_a_digest_can_be_shortened() -> None:
    assert len(digest("a")) == 64
    assert digest("a").startswith(digest("a", 12))


def test_a_model_is_its_fields() -> None:
    target = Target(name="cpu")
    assert canonical(target) == canonical(target.model_dump(mode="json"))
