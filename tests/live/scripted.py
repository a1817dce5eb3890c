"""Sides that take turns by a script, and pairs made of numbers."""

from __future__ import annotations

import math

import numpy as np

from bench.record.pairs import PairsRecord, ProcessPair
from tests import builders

MS = 1_000_000


def pair(ratio: float = 1.0, seed: int = 0, noise: float = 0.0, rounds: int = 10) -> ProcessPair:
    """Pair of rounds of three samples around 40 ms; the candidate takes `ratio` times as long."""
    rng = np.random.default_rng(seed)
    old, new = 40 * MS * np.exp(noise * rng.normal(size=(2, rounds, 3)))
    return ProcessPair(
        baseline_ns=tuple(tuple(int(x) for x in burst) for burst in old),
        candidate_ns=tuple(tuple(round(x * ratio) for x in burst) for burst in new),
        order="BC" * rounds,
        foreign_cpu=0.1,
        started="2026-11-22T13:00:00Z",
    )


def pairs(ratio: float, count: int, spread: float = 0.01, seed: int = 0) -> tuple[ProcessPair, ...]:
    """Pairs whose log ratios scatter by `spread` around that of `ratio`."""
    rng = np.random.default_rng(seed)
    return tuple(pair(ratio * math.exp(spread * rng.normal()), i) for i in range(count))


def record(*measured: ProcessPair, **more) -> PairsRecord:
    """Record of a case's live pairs."""
    fields = {"case": builders.case().id, "baseline": "main", "pairs": measured}
    return PairsRecord(**{**fields, "machine": builders.environment().machine, **more})


class Scripted:
    """A side whose iterations take what the script says."""

    def __init__(self, ns, log: list[str] | None = None, name: str = "") -> None:
        self.ns = ns
        self.log = log if log is not None else []
        self.name = name
        self.done: list[tuple[int, ...]] = []
        self.cpu = 0.0

    def ready(self) -> None:
        self.log.append(f"{self.name} ready")

    def burst(self, iterations: int, core: int | None = None) -> None:
        self.log.append(self.name)
        self.done.append(tuple(self.ns() for _ in range(iterations)))
        self.cpu += sum(self.done[-1]) / 1e9

    def end(self):
        self.log.append(f"{self.name} end")
        return tuple(self.done)

    def cpu_s(self) -> float:
        return self.cpu
