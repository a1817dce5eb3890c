"""What can go wrong, as a tree; each error says what to do about it.

SegbenchError             exit 2  one sentence with the offending value, and a hint
├── BadInput              exit 2  the user's words, files or options
│   ├── SuiteError                a suite's TOML
│   ├── UnknownName               a name that no registry or table has
│   ├── DatasetError              a data set that is missing, half unpacked or corrupt
│   ├── WeightsError              weights that are missing or damaged
│   ├── RecordError               a run folder that can't be read
│   └── CodeRefused               the suite runs code of its own without --allow-code
├── Unsupported           exit 2  this machine or installation can't; becomes a `skipped` row
├── CaseFailed            exit 3  a case that was tried and broke; becomes a `failed` row
│   └── ExportFailed              every path of an export failed
└── NothingMeasured       exit 4  there was nothing to do or to judge
"""

from typing import Any


class SegbenchError(Exception):
    """Base of all expected errors: printed as one sentence and a hint, never as a traceback."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Sentence, then the hint."""
        return f"{self.message} {self.hint}".strip()


class BadInput(SegbenchError):
    """The user's words, files or options."""


class SuiteError(BadInput):
    """A suite's TOML."""


class UnknownName(BadInput):
    """A name that no registry or table has."""


class DatasetError(BadInput):
    """A data set that is missing, half unpacked or corrupt."""


class WeightsError(BadInput):
    """Weights that are missing or damaged."""


class RecordError(BadInput):
    """A run folder that can't be read."""


class CodeRefused(BadInput):
    """The suite runs code of its own without --allow-code."""


class Unsupported(SegbenchError):
    """This machine or installation can't do it; the case becomes `skipped` with this reason."""


class CaseFailed(SegbenchError):
    """A case that was tried and broke; it becomes a `failed` row."""

    exit_code = 3


class ExportFailed(CaseFailed):
    """Every path of an export failed; `rungs` says how each of them did."""

    def __init__(
        self, message: str, hint: str = "", rungs: tuple[dict[str, Any], ...] = ()
    ) -> None:
        super().__init__(message, hint)
        self.rungs = rungs


class NothingMeasured(SegbenchError):
    """There was nothing to do or to judge."""

    exit_code = 4
