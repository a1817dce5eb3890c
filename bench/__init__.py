"""segbench: measures every deployable variant of a segmentation model.

`load_run` is the whole of the library interface: it reads a run, and gives its tables. Everything else is the
command `segbench` (or `python -m bench`). Nothing heavy is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bench.metrics.frames import LoadedRun

__version__ = "0.1.0"


def load_run(folder: str | Path) -> LoadedRun:
    """Run stored in `folder`, readable without torch; `frame`, `samples` and `images` give tables.

    Raises:
        RecordError: the folder holds no run, or one of a newer schema.
    """
    from pathlib import Path as _Path

    from bench.metrics.frames import LoadedRun
    from bench.record.store import read_run

    run = read_run(_Path(folder))
    return LoadedRun(run.folder, run.info)
