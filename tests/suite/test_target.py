from __future__ import annotations

import pytest
from pydantic import ValidationError

from bench.suite.target import Requires, Target


def test_a_target_asks_nothing_unless_told() -> None:
    assert Target(name="cpu").requires == Requires()
    assert set(Requires().model_dump().values()) == {None}


@pytest.mark.parametrize("key", ["processor", "gpu"])
def test_patterns_are_checked_when_they_are_read(key: str) -> None:
    assert Requires(**{key: "A1[0-9]+"})
    with pytest.raises(ValidationError, match="no regular expression"):
        Requires(**{key: "A1[0-9"})
