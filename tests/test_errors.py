from __future__ import annotations

import inspect

import pytest

from bench import errors
from bench.errors import BadInput, CaseFailed, NothingMeasured, SegbenchError, Unsupported

ALL = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, SegbenchError)]


def test_the_sentence_and_the_hint() -> None:
    error = BadInput("No 'x'.", "Try 'y'.")
    assert (error.message, error.hint, str(error)) == ("No 'x'.", "Try 'y'.", "No 'x'. Try 'y'.")
    assert str(BadInput("No 'x'.")) == "No 'x'."


@pytest.mark.parametrize(
    ("kind", "code"), [(BadInput, 2), (Unsupported, 2), (CaseFailed, 3), (NothingMeasured, 4)]
)
def test_exit_codes(kind: type[SegbenchError], code: int) -> None:
    assert kind.exit_code == code


@pytest.mark.parametrize("kind", ALL)
def test_the_drawing_holds_every_error(kind: type[SegbenchError]) -> None:
    (line,) = [x for x in (errors.__doc__ or "").splitlines() if f"{kind.__name__} " in x + " "]
    told = [int(w) for w in line.split() if w.isdigit()]
    assert told in ([kind.exit_code], [])
