"""Results of a run as its readers need them: light, with their samples on disk until they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import PrivateAttr

from bench.record.environment import Environment
from bench.record.result import Measurement, Result
from bench.suite.case import Case

CASE = ("model", "variant", "target", "dataset", "protocol", "reference", "parity")
ENVIRONMENT = ("machine", "flags", "versions", "variables")


class Stored(Result):
    """A result in a file: read when something of it is asked for, its measurements each time anew."""

    _head: Callable[[], Result] = PrivateAttr()
    _whole: Callable[[], Result] = PrivateAttr()

    @classmethod
    def of(cls, head: Callable[[], Result], whole: Callable[[], Result]) -> Stored:
        """A result of which `head` gives everything but the measurements, and `whole` all."""
        made = cls.__new__(cls)  # without fields: __getattr__ answers for those that aren't there
        private = {"_head": head, "_whole": whole}
        for name, value in (("private", private), ("fields_set", set()), ("extra", None)):
            object.__setattr__(made, f"__pydantic_{name}__", value)
        return made

    def __getattr__(self, name: str) -> Any:
        if name == "measurements":
            found: tuple[Measurement, ...] = self._whole().measurements
            return found
        if name not in Result.model_fields:
            return super().__getattr__(name)  # type: ignore[misc]
        for field, value in self._head().__dict__.items():
            if field != "measurements":
                self.__dict__.setdefault(field, value)
        return self.__dict__[name]


class Shared:
    """Equal parts of many results, each kept once: a run has few models, variants and machines."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], Any] = {}

    def result(self, result: Result) -> Result:
        """The same result, made of shared parts."""
        more: dict[str, Any] = {"case": self._parts(result.case, CASE)}
        if result.environment:
            more["environment"] = self._parts(result.environment, ENVIRONMENT)
        return result.model_copy(update=more)

    def _parts(self, of: Case | Environment, names: tuple[str, ...]) -> Case | Environment:
        return of.model_copy(update={n: self._one(n, getattr(of, n)) for n in names})

    def _one(self, kind: str, part: Any) -> Any:
        """The last part of this kind and name, where it is equal."""
        key = (kind, getattr(part, "name", ""))
        last = self._last.get(key)
        if last != part:
            last = self._last[key] = part
        return last
