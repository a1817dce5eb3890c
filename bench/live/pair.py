"""A pair of processes, both loaded and warm, that take turns in short bursts.

The launcher blocks in read() while a side works: a launcher that polls makes the model that it
measures two times slower on a machine of two cores.

What slows a machine down comes in spells that are longer than a burst, so it hits both sides alike
and leaves their ratio alone. What a process brings with it (memory layout, placement of threads)
doesn't cancel: that is why the pair of fresh processes is the unit, and its iterations are not.
"""

import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any, Protocol

import psutil

from bench.errors import CaseFailed, SegbenchError, Unsupported
from bench.execute.process import WORKER, Process, answer, started
from bench.jobs.base import Answer
from bench.jobs.measure import PairJob, PairReport
from bench.measure import counters
from bench.metrics.pairs import QUIET
from bench.record.base import Absent, now
from bench.record.pairs import ProcessPair

CORES = 4
"""Cores that the calling threads take turns on: each needs rounds of its own."""
BURST = 3
"""Iterations of a burst."""
LOOK_S = 0.004
"""Between two looks at whether the sides rest; nothing is timed meanwhile."""
STILL = 0.1
"""Share of one processor below which both sides together are at rest."""


class Turning(Protocol):
    """What takes turns: a live process, or a test's script."""

    def ready(self) -> None:
        """Return when it is loaded and warm."""

    def burst(self, iterations: int, core: int | None = None) -> None:
        """Return when it has done a burst, its calling thread on a core."""

    def end(self) -> tuple[tuple[int, ...], ...]:
        """Nanoseconds of every burst's iterations; it is over then."""

    def cpu_s(self) -> float:
        """Processor time that it used so far, seconds."""


@dataclass(frozen=True)
class Plan:
    """How long a pair goes on."""

    rounds: int = 18
    """Fewest rounds, unless the sides are slow."""
    quiet: int = 12
    """Go on until so many rounds were quiet ..."""
    most: int = 22
    """... or so many were done."""
    fewest: int = 4
    """Rounds of slow sides."""
    side_s: float = 4.0
    """After `fewest` rounds: stop once a side ran this long."""
    still_s: float = 0.3
    """Longest wait before a burst for the other runtime's threads to stop spinning."""
    timeout_s: float = 300.0
    """Kill both after this long."""


@dataclass(frozen=True)
class Start:
    """What a side's process is started with."""

    job: PairJob
    command: tuple[str, ...] = WORKER
    """Of another revision, its own Python and its own boot script."""
    cwd: Path | None = None
    """Folder that it works in, where a model of Python code is looked for; None = the launcher's."""
    words: Mapping[str, Any] | None = None
    """The job as another revision says it, which may know fewer fields, or others; None = as here."""


class Side(Process):
    """A worker that waits for bursts."""

    def __init__(self, start: Start, log: Path, name: str, timeout_s: float) -> None:
        log = log.absolute()  # the worker may have another current folder
        self.name, self._out = name, log.with_suffix(".json")
        self._out.unlink(missing_ok=True)
        threads, words = start.job.threads, start.words or start.job.model_dump(mode="json")
        super().__init__(start.command, threads=threads, log=log, limit_s=timeout_s, cwd=start.cwd)
        self.tell(json.dumps({**words, **started(self._out)}))

    def close(self) -> None:
        """Leave nothing behind, however the pair ended."""
        super().close()
        self._out.unlink(missing_ok=True)

    def ready(self) -> None:
        """Return when the session is loaded and warm."""
        self._await("ready")

    def burst(self, iterations: int, core: int | None = None) -> None:
        """Return when the burst is done."""
        self.tell(f"burst {iterations}" + ("" if core is None else f" {core}"))
        self._await("burst")

    def end(self) -> tuple[tuple[int, ...], ...]:
        """Nanoseconds of every burst's iterations, out of the worker's report."""
        self.tell("end")
        self.wait()
        found = answer(self._out)
        if found is None or not found.ok:
            raise self._broken(found)
        return PairReport.model_validate(found.payload).bursts_ns

    def cpu_s(self) -> float:
        """Processor time of the worker so far, seconds."""
        if sys.platform == "linux":
            # The clock of another process, as clock_getcpuclockid(3) makes it; /proc counts in 10 ms.
            with contextlib.suppress(OSError):
                return time.clock_gettime(~self.pid << 3 | 2)
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(self.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0  # it ended, and the next read says how

    def _await(self, word: str) -> None:
        """Block until the worker says the word; other progress is passed over."""
        if not any(phase == word for phase, *_ in self.said()):
            self.wait()
            raise self._broken(answer(self._out))

    def _broken(self, found: Answer | None) -> SegbenchError:
        whose, hint = f"The {self.name}'s process of a live pair", f"Its log: {self.log}"
        if found is not None and not found.ok and not self.timed_out:
            kind = Unsupported if found.skipped else CaseFailed
            return kind(f"{whose} failed: {found.message}", hint)
        return CaseFailed(f"{whose} failed: {self.ending()[1]}", hint)


def live(
    baseline: Start, candidate: Start, logs: Path, rng: random.Random, plan: Plan | None = None
) -> ProcessPair:
    """Pair of two fresh processes.

    Raises:
        CaseFailed: one of them died, hung or said why it can't.
    """
    plan = plan or Plan()
    with contextlib.ExitStack() as stack:
        # Both start at once, so a pair costs one start's time; who is first is drawn, too.
        starts = [("baseline", baseline), ("candidate", candidate)]
        rng.shuffle(starts)
        sides = {
            name: stack.enter_context(Side(start, logs / f"{name}.log", name, plan.timeout_s))
            for name, start in starts
        }
        return take_turns(sides["baseline"], sides["candidate"], rng, plan, others())


def order(seed: str) -> random.Random:
    """What draws who begins each round."""
    return random.Random(seed)  # noqa: S311 - the order must be fair, not secret


def take_turns(
    baseline: Turning,
    candidate: Turning,
    rng: random.Random,
    plan: Plan,
    busy: Callable[[], float | None] = lambda: None,
) -> ProcessPair:
    """Pair of two sides; in each round both run one burst, in random order, from the same core.

    A thread stays on its core, so the serial part of an iteration could run on another core in each
    process; where another guest of the host slows one core, that changed a latency by a fifth for
    seconds. The cores take turns. The number of rounds depends on what other processes do, never on
    the samples.
    """
    sides = {"B": baseline, "C": candidate}
    for side in sides.values():
        side.ready()
    spent = dict.fromkeys(sides, 0.0)
    order, foreign, quiet = "", list[float](), 0
    places = cores()
    started = now()
    for done in range(plan.most):
        if done >= plan.rounds and (quiet >= plan.quiet or not foreign):
            break
        if done >= plan.fewest and max(spent.values()) >= plan.side_s:
            break
        for letter in rng.choice(("BC", "CB")):
            rest(sides.values(), plan.still_s)
            before, start = _foreign(sides, busy), time.monotonic()
            sides[letter].burst(BURST, places[done % len(places)] if places else None)
            took, after = time.monotonic() - start, _foreign(sides, busy)
            spent[letter] += took
            order += letter
            if before is not None and after is not None:
                foreign.append(round(max(0.0, (after - before) / took), 4))
        quiet += bool(foreign) and max(foreign[-2:]) <= QUIET
    return ProcessPair(
        baseline_ns=baseline.end(),
        candidate_ns=candidate.end(),
        order=order,
        foreign=tuple(foreign),
        foreign_cpu=round(mean(foreign), 4) if foreign else None,
        started=started,
    )


def cores(most: int | None = CORES) -> tuple[int, ...]:
    """The first cores that this process may use; empty where the system doesn't tell."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))[:most]


def rest(sides: Iterable[Turning], limit_s: float) -> None:
    """Wait until no side uses the processor any more, or until the limit.

    After a turn a runtime's threads go on spinning for work: ONNX Runtime's for 35 to 40 ms here,
    OpenMP's up to 200 ms. That would slow the other side's first iterations: waiting made the ratios'
    spread four times smaller.
    """
    until, before = time.monotonic() + limit_s, None
    while time.monotonic() < until:
        used = sum(side.cpu_s() for side in sides)
        if before is not None and used - before < LOOK_S * STILL:
            return
        before = used
        time.sleep(LOOK_S)


def _foreign(sides: dict[str, Turning], busy: Callable[[], float | None]) -> float | None:
    """Processor seconds that everything but the launcher and the two sides used so far."""
    total = busy()
    return None if total is None else total - sum(side.cpu_s() for side in sides.values())


@cache
def others() -> Callable[[], float | None]:
    """Counter of the processor seconds of all other processes; says None where nothing tells it."""
    read = counters.foreign(Path("/"))
    return (lambda: None) if isinstance(read, Absent) else lambda: read() / 1e9
