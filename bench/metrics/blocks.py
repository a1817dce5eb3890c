"""Work on many rows, block by block, on all cores where they are many."""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")
BLOCK = 128
"""Rows that a process takes at a time."""
MANY = 4
"""Blocks from which on several processes work."""


def by_blocks(work: Callable[[slice], T], count: int) -> list[T]:
    """What the work gives for each block of so many rows, in order; at least one block."""
    spans = [slice(i, i + BLOCK) for i in range(0, max(count, 1), BLOCK)]
    if len(spans) < MANY or not _can_fork():
        return [work(span) for span in spans]
    # A forked process has the results that were read already; elsewhere it would read all of them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork beside numpy's idle threads
        with ProcessPoolExecutor(
            len(os.sched_getaffinity(0)), get_context("fork"), initializer=_begin, initargs=(work,)
        ) as pool:
            return list(pool.map(_at_work, spans))


def _can_fork() -> bool:
    """Whether a copy of this process is sound: none that has other threads, or can't be forked."""
    return sys.platform == "linux" and threading.active_count() == 1


_work: list[Callable[[slice], Any]] = []
"""In a process of the pool: what it does."""


def _begin(work: Callable[[slice], Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # its parent says what an interrupt means
    _work.append(work)


def _at_work(span: slice) -> Any:
    return _work[0](span)
