from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.suite.dataset import Dataset


def made(**more: object) -> Dataset:
    return Dataset.model_validate({"name": "d", "loader": "folder", "classes": ["a", "b"], **more})


def test_a_namesake_is_found_by_the_map_first() -> None:
    data = made(class_map={"x": "a", "a": "b"})
    assert [data.namesake(n) for n in ("x", "a", "b", "c")] == ["a", "b", "b", None]


def test_a_class_stands_once_and_a_map_leads_to_one() -> None:
    with pytest.raises(ValidationError, match="names 'a' twice"):
        made(classes=["a", "b", "a"])
    with pytest.raises(ValidationError, match="leads 'x' to 'aa', which isn't in `classes`"):
        made(class_map={"x": "aa"})
