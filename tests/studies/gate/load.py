"""A competing load for studies: one thread that multiplies matrices in random spells.

Busy for 0.2 to 2 s, then quiet for 0.2 to 2 s, drawn from a seed: like other jobs that come and go,
and the same ones in every study. Run as a script, so that it imports numpy and nothing else; it ends
when its standard input does, that is, with whoever started it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SPELL_S = (0.2, 2.0)
SIDE = 256
"""Rows of the matrices: a product takes about a millisecond, so a spell ends when it should."""


@contextlib.contextmanager
def running(seed: int) -> Iterator[int]:
    """Process id of a load that runs inside the `with` block."""
    script = (sys.executable, "-P", str(Path(__file__).resolve()), str(seed))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(script, stdin=subprocess.PIPE, env=environment) as load:
        try:
            yield load.pid
        finally:
            load.kill()


def spells(seed: int) -> Iterator[tuple[float, float]]:
    """Endless (busy seconds, quiet seconds)."""
    rng = np.random.default_rng(seed)
    while True:
        busy, quiet = rng.uniform(*SPELL_S, 2)
        yield float(busy), float(quiet)


def main(seed: int) -> None:
    """Load the machine until standard input ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(SIDE, SIDE))
    for busy, quiet in spells(seed):
        until = time.monotonic() + busy
        while time.monotonic() < until:
            a @ a
        time.sleep(quiet)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
