"""When a process has timed enough: the median's interval is narrow, or the budget ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from bench.metrics.latency import rank
from bench.suite.protocol import Protocol

LIMIT_S = 60.0
"""Time of a process's timing where the protocol names none."""
EVERY = 5
"""Fewest samples between two looks at the interval; later, a tenth of what is there."""


def width(samples_ns: Sequence[int]) -> float | None:
    """Width of the median's 95 % interval over the median; None where the samples are too few.

    Order statistics, whose rank counts independent samples only: autocorrelated ones are worth
    n / tau. What moves a median is on which side of it the samples fall (its variance is that of
    the mean sign over 4 f^2; David & Nagaraja, Order Statistics, 2003, section 10.2), so tau is
    that of the signs.
    """
    ordered = np.sort(np.asarray(samples_ns, np.float64))
    n = len(ordered)
    if not n:
        return None
    worth = int(n / inefficiency(np.asarray(samples_ns, np.float64)))
    k = rank(worth)
    if k is None:
        return None
    place = max(1, k * n // worth)
    middle = float(np.median(ordered))
    return float(ordered[n - place] - ordered[place - 1]) / middle if middle else None


def inefficiency(values: NDArray[np.float64]) -> float:
    """Samples that are worth one independent sample for the median, at least 1.

    1 + 2 x the sum of the autocorrelations of the signs about the median, ended by Geyer's initial
    positive sequence (Statistical Science 7, 1992, section 3.3).
    """
    signs = np.sign(values - np.median(values))
    signs -= signs.mean()
    n = len(signs)
    spectrum = np.fft.rfft(signs, 2 * n)
    covariance = np.fft.irfft(np.abs(spectrum) ** 2, 2 * n)[:n]
    if covariance[0] <= 0:
        return 1.0
    pairs = (covariance / covariance[0])[: n - n % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0)
    return max(1.0, float(2 * pairs[: ends[0] if len(ends) else None].sum() - 1))


@dataclass
class Rule:
    """Stopping rule of one process; `stopped` says why it ended, and stays."""

    fewest: int
    target: float | None
    """Relative width of the median's interval; None = `fewest` samples are enough."""
    most: int
    limit_ns: float
    hard: bool
    """The limit ends the timing even before `fewest` samples are there."""
    stopped: str = ""
    _next: int = 0

    @classmethod
    def of(cls, protocol: Protocol) -> Self:
        """Rule of a protocol."""
        fewest, target, limit = protocol.iterations, protocol.median_width, protocol.timing_limit_s
        return cls(
            fewest=fewest,
            target=target,
            most=fewest if target is None else max(fewest, protocol.max_iterations),
            limit_ns=(LIMIT_S if limit is None else limit) * 1e9,
            hard=limit is not None,
        )

    def over(self, samples_ns: Sequence[int], elapsed_ns: int, *, look: bool = True) -> bool:
        """Whether no further sample is needed or may be taken; without `look` the limits alone count."""
        n = len(samples_ns)
        if self.stopped:
            return True
        late = elapsed_ns >= self.limit_ns and self.may_end(n)
        if late or n >= self.most or (look and n >= self.fewest and n >= self._next):
            self._next = n + max(EVERY, n // 10)
            if self._narrow(samples_ns):
                self.stopped = "precise"
            elif n >= self.most:
                self.stopped = "iterations"
            elif late:
                self.stopped = "time limit"
        return bool(self.stopped)

    def may_end(self, n: int) -> bool:
        """Whether the time limit ends the timing with so many samples."""
        return n >= (1 if self.hard else self.fewest)

    def _narrow(self, samples_ns: Sequence[int]) -> bool:
        if self.target is None or len(samples_ns) < self.fewest:
            return False
        reached = width(samples_ns)
        return reached is not None and reached <= self.target
