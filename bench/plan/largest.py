"""The largest batch and image that run under a limit of memory, tried in processes that may die."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from bench import registry
from bench.devices import machine
from bench.execute.base import Outcome
from bench.jobs.base import GUARD
from bench.jobs.measure import FitsJob, FitsReport
from bench.jobs.prepare import ProbeReport
from bench.plan.setting import StepFailed
from bench.record.memory import Fit, FitsMeasurement, Try
from bench.record.result import Failure
from bench.suite.case import Case

Start = Callable[[FitsJob], Outcome]
"""Does a job in a process of its own."""
Export = Callable[[int, int, int], str | None]
"""Batch size, height, width -> digest of the artifact for that size, None where the backend takes
the weights themselves; raises StepFailed."""
Size = tuple[int, int, int]
"""Batch size, height, width."""

MOST_IMAGES = 4096
"""Largest batch that is tried."""
LONGEST_SIDE = 16384
"""Longest side, pixels, that is tried."""


@dataclass(frozen=True)
class Tried:
    """What one process at one size came to; no limit is in it, so every limit can use it."""

    lived: bool
    peak_bytes: int | None
    why: str = ""
    starved: bool = False
    """Whether it died of memory, as far as anybody can tell."""
    skipped: bool = False
    """Whether this machine or installation can't run it at all."""


@dataclass
class Search:
    """Tries sizes, each once, whatever the number of limits."""

    job: FitsJob
    """Job of a try at the case's own size and artifact; those of each try are set here."""
    start: Start
    export: Export
    """It is not asked for the case's own size."""
    here: ProbeReport
    """What the place of the tries says about its memory."""
    _known: dict[Size, Tried] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """Case whose model, variant and target are tried."""
        return self.job.case

    def measured(self) -> FitsMeasurement:
        """What fits under each of the protocol's limits."""
        return FitsMeasurement(fits=tuple(self.under(gb) for gb in self.case.protocol.fits_gb))

    def under(self, gb: float) -> Fit:
        """What fits under a limit, GB; 0 = the memory that the machine or the GPU has."""
        limit = int(gb * machine.GB) if gb else self.own
        height, width = self.job.size
        tries: list[Try] = []

        def fits(size: Size) -> bool:
            tried = judged(size, self.outcome(size), limit, own=not gb)
            if tried not in tries:
                tries.append(tried)
            return tried.fits

        batch, batch_bound = largest(
            lambda n: fits((n, height, width)), self.case.protocol.batch_size, MOST_IMAGES
        )
        reasons = [self._short_of(limit), self._cut_short(tries, "batch size")]
        image, image_bound = None, False
        if self.case.model.onnx is not None:
            reasons.append("The ONNX file fixes the size of its image.")
        elif self.case.model.input_size is not None:
            reasons.append("The model takes images of one size only.")
        else:
            before = len(tries)
            sizes = Sizes(height, width, self.case.model.size_multiple)
            rows, image_bound = largest(lambda n: fits((1, *sizes.at(n))), sizes.own, sizes.most)
            image = sizes.at(rows) if rows else None
            reasons.append(self._cut_short(tries[before:], "image size"))
        if batch is None and image is None:
            reasons.append("Not even one image fits.")
        return Fit(
            limit_bytes=limit,
            memory=self.memory,
            largest_batch=batch,
            largest_image=image,
            batch_bound=batch_bound,
            image_bound=image_bound,
            reason=" ".join(r for r in reasons if r),
            tries=tuple(tries),
        )

    def batch(self, gb: float, share: float) -> int | None:
        """Largest batch, at the case's image, in a share of a limit; None = not even one image."""
        height, width = self.job.size
        most = share * self.own
        if self.memory == "main":  # a target's limit is the process's, not the GPU's
            most = min(most, share * (gb * machine.GB if gb else self.here.available_bytes))

        def fits(count: int) -> bool:
            out = self.outcome((count, height, width))
            return out.lived and (out.peak_bytes is None or out.peak_bytes <= most)

        return largest(fits, 1, MOST_IMAGES)[0]

    def outcome(self, size: Size) -> Tried:
        """What became of a process at a size, started unless it was before."""
        if size not in self._known:
            self._known[size] = self._run(size)
        return self._known[size]

    def _run(self, size: Size) -> Tried:
        batch, height, width = size
        artifact = self.job.artifact
        if size != (self.case.protocol.batch_size, *self.job.size):
            try:
                artifact = self.export(batch, height, width)
            except StepFailed as e:
                died = _died(e.failure, "making its artifact failed: ")
                # What an export holds tells nothing about what the model needs to run.
                return replace(died, starved=False)
        case = self.job.case.asking(batch_size=batch)
        update = {"case": case, "size": (height, width), "artifact": artifact}
        ended = self.start(self.job.model_copy(update=update))
        if ended.failure is not None:
            if ended.skipped:
                return Tried(False, None, ended.failure.message, skipped=True)
            return _died(ended.failure)
        found = cast("FitsReport", ended.report)
        return Tried(True, found.peak_bytes, found.why)

    @property
    def own(self) -> int:
        """Bytes of the memory that models lie in there."""
        return self.here.device_bytes[self.case.target.device]

    @property
    def memory(self) -> Literal["main", "gpu"]:
        """Where models lie."""
        return registry.load("device", self.case.target.device).memory_space

    def _short_of(self, limit: int) -> str:
        """Empty, or the sentence that there is less memory here than the limit."""
        if limit <= self.own:
            return ""
        return f"There are only {self.own / machine.GB:.1f} GB here, so more was never tried."

    def _cut_short(self, tries: list[Try], what: str) -> str:
        """Empty, or the sentence that a search ended at something other than memory."""
        failed = [t for t in tries if not t.fits]
        if not failed:
            return ""
        t = min(failed, key=lambda t: (t.batch_size, t.height, t.width))
        out = self._known[t.batch_size, t.height, t.width]
        if out.starved or out.peak_bytes is not None:
            return ""
        size = f"{t.batch_size} x {t.height} x {t.width}"
        return f"The {what} is bounded by something else than memory: at {size}, {t.why}"


def judged(size: Size, out: Tried, limit: int, *, own: bool) -> Try:
    """A try held against a limit; under the machine's own, whatever lived fits."""
    why = out.why
    fits = out.lived and (own or (out.peak_bytes is not None and out.peak_bytes <= limit))
    if out.lived and not fits and out.peak_bytes is not None:
        why = f"it held {out.peak_bytes / machine.GB:.2f} GB"
    batch, height, width = size
    return Try(
        batch_size=batch,
        height=height,
        width=width,
        fits=fits,
        peak_bytes=out.peak_bytes,
        why="" if fits else why,
    )


def largest(fits: Callable[[int], bool], first: int, most: int) -> tuple[int | None, bool]:
    """Largest number in 1..most that fits, and whether that is `most` itself; None if not even 1.

    Doubles (or halves) from `first` until the answer changes, then bisects: at most
    2 * log2(most) + 2 tries. What fits must be monotone: more never fits where less doesn't.
    """
    good, bad, n = 0, most + 1, max(1, min(first, most))
    while bad - good > 1:
        if fits(n):
            good = n
        else:
            bad = n
        n = min(2 * good, most) if bad > most else (good + bad) // 2
    return good or None, good == most


@dataclass(frozen=True)
class Sizes:
    """Images of one aspect, by the number of `multiple`s in their height."""

    height: int
    width: int
    multiple: int

    @property
    def own(self) -> int:
        """Number of the case's own image."""
        return max(1, self.height // self.multiple)

    @property
    def most(self) -> int:
        """Number of the largest image that is tried."""
        longest = max(self.height, self.width)
        return max(self.own, LONGEST_SIDE * self.own // longest)

    def at(self, rows: int) -> tuple[int, int]:
        """Height and width; the width is the multiple that keeps the aspect best."""
        columns = max(1, round(rows * self.width / (self.own * self.multiple)))
        return rows * self.multiple, columns * self.multiple


def _died(failure: Failure, where: str = "") -> Tried:
    """Outcome of a process that left no report, or a bad one."""
    last = failure.stderr_tail[-1] if failure.stderr_tail else ""
    guarded = last.startswith(GUARD)
    why = f"{where}{last if guarded else f'{failure.type}: {failure.message}'}"
    starved = guarded or failure.type in {"out of memory", "SIGKILL"}
    return Tried(False, None, why, starved=starved)
