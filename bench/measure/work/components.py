"""Times of a torch module's parts in the session that runs it, and what timing them costs."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from bench.models.parts import OTHER, parts
from bench.record.work import ComponentMeasurement

CALLS = 12
"""Pairs of calls, one with the instruments and one without."""
LEAST = 3
LIMIT_S = 20.0
"""No further pair is begun after so long, once there are `LEAST`."""
WARMUP = 2


def measure(
    call: Callable[[], object], module: Any, synchronize: Callable[[], None]
) -> ComponentMeasurement:
    """Nanoseconds of each part in each call of `call`, which runs `module`, a torch one.

    A part's time is its own: while a part within it runs, its clock stands. So the parts add up to
    the whole. On a GPU the device is waited for at each border, which takes the overlap between
    parts away; the calls without instruments, in turns with the others (ABBA), tell how much.
    """
    timed: dict[str, list[int]] = {name: [] for name in parts(module).values()}

    def instrumented() -> int:
        watch = _Watch(synchronize)
        with entered(module, watch.border) as watch.at_work:
            took = watch.run(call)
        for name, taken in timed.items():
            taken.append(watch.taken.get(name, 0))
        return took

    for _ in range(WARMUP):
        call()
    whole, plain = in_turns(instrumented, lambda: _Watch(synchronize).run(call), CALLS)
    return ComponentMeasurement(
        parts_ns={name: tuple(taken) for name, taken in timed.items() if any(taken)},
        whole_ns=tuple(whole),
        plain_ns=tuple(plain),
        how="hooks",
    )


@contextmanager
def entered(module: Any, border: Callable[[], None] = lambda: None) -> Iterator[list[str]]:
    """Context in which a list holds the parts of a module that are at work, the innermost last.

    `border` is called before each change. Only modules that belong to another part than their parent
    are hooked: Mask2Former has some twenty of them among its 1200.
    """
    of, at_work = parts(module), [OTHER]

    def enter(part: str) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            border()
            at_work.append(part)

        return hook

    def leave(*_: Any) -> None:
        border()
        at_work.pop()

    with ExitStack() as hooks:
        for path, inner in module.named_modules():
            parent = path.rpartition(".")[0]
            if path and of[path] != of[parent]:
                hooks.enter_context(inner.register_forward_pre_hook(enter(of[path])))
                hooks.enter_context(inner.register_forward_hook(leave, always_call=True))
        yield at_work


def in_turns(
    first: Callable[[], int], second: Callable[[], int], count: int
) -> tuple[list[int], list[int]]:
    """Nanoseconds that two calls tell, in turns (ABBA), so that both find warmer caches equally often."""
    taken: tuple[list[int], list[int]] = ([], [])
    began = time.monotonic()
    for i in range(count):
        for k in (0, 1) if i % 2 == 0 else (1, 0):
            taken[k].append((first, second)[k]())
        if i + 1 >= LEAST and time.monotonic() - began > LIMIT_S:
            break
    return taken


class _Watch:
    """One call's stopwatch: the time since the last border belongs to the part that is at work."""

    def __init__(self, synchronize: Callable[[], None]) -> None:
        self.taken: dict[str, int] = {}
        self._synchronize = synchronize
        self.at_work = [OTHER]
        self._last = 0

    def run(self, call: Callable[[], object]) -> int:
        """Nanoseconds of the whole call."""
        self._synchronize()
        start = self._last = time.perf_counter_ns()
        call()
        self.border()
        return time.perf_counter_ns() - start

    def border(self) -> None:
        """Charge the time since the last border."""
        self._synchronize()
        now = time.perf_counter_ns()
        top = self.at_work[-1]
        self.taken[top] = self.taken.get(top, 0) + now - self._last
        self._last = now
