"""Progress: lines of JSON through a pipe, a few a second."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

Say = Callable[[str, int, int], None]
"""Phase, done, total."""
_PAUSE_S = 0.25


def pipe(descriptor: int) -> Say:
    """Function that writes `[phase, done, total]` lines, never more than four a second."""
    last = 0.0

    def say(phase: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done and done != total and now - last < _PAUSE_S:
            return
        last = now
        try:
            os.write(descriptor, (json.dumps([phase, done, total]) + "\n").encode())
        except OSError:  # the parent is gone; the step's files matter, not its progress
            return

    return say
