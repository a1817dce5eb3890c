"""Numbers of a whole run, and their cache: what one record gave once isn't derived again.

The cache holds a file a kind of numbers for each run's folder, which says from what record, code and
numpy it came. One that says otherwise, or can't be read, is made anew; to delete it changes nothing.
"""

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bench.metrics.base import Metric, Names, Source
from bench.metrics.blocks import by_blocks
from bench.metrics.columns import Columns, Numbers
from bench.record.store import Run, write_atomic
from bench.resources import cache_dir, code_of, open_regular

Function = Callable[[Source], Mapping[str, Metric]]

NAMES = "names"
CODE = (
    "metrics", "metrics/catalog/metrics.toml", "record", "segments.py", "suite", "suite/classes.toml",
    "tasks",
)  # fmt: skip


def columns(
    run: Run,
    functions: Mapping[str, Function],
    cached: Iterable[str],
    sources: Callable[[], Sequence[Source]],
) -> dict[str, Columns]:
    """Kind -> numbers of every source of a run, in order.

    `functions` says what computes a kind. The kinds in `cached` depend on the record and on segbench's
    code alone; `sources` is called only where something must be computed.
    """
    said = f"{run.digest} {code_of(CODE)} {np.__version__}"
    key = hashlib.sha256(said.encode()).hexdigest()
    found = {k: c for k in cached if (c := _read(_file(run, k), key))}
    missing = {k: f for k, f in functions.items() if k not in found}
    if missing:
        made = _compute(missing, sources())
        for kind in set(cached) & set(made):
            _write(_file(run, kind), key, made[kind])
        found |= made
    return {k: found[k] for k in functions}


def names(source: Source) -> dict[str, Metric]:
    """Names of a row as words without a number, so that they lie beside the others."""
    return {"names": Metric(None, reason=json.dumps(asdict(Names.of(source.result))))}


def named(columns: Columns, row: int) -> Names:
    """What `names` stored."""
    said = json.loads(Numbers((columns,), row)["names"].reason)
    return Names(**{**said, "notes": tuple(said["notes"])})


def _compute(functions: Mapping[str, Function], sources: Sequence[Source]) -> dict[str, Columns]:
    def block(span: slice) -> dict[str, Columns]:
        """Numbers of some sources; all of one before the next is read."""
        whole = (Source.whole(source) for source in sources[span])
        rows = [{k: f(source) for k, f in functions.items()} for source in whole]
        return {k: Columns.of([r[k] for r in rows]) for k in functions}

    made = by_blocks(block, len(sources))
    return {k: Columns.join([b[k] for b in made]) for k in functions}


def _file(run: Run, kind: str) -> Path:
    where = "\n".join((str(run.folder.resolve()), *run.info.plan))
    folder = hashlib.sha256(where.encode()).hexdigest()[:24]
    return cache_dir() / "derived" / folder / f"{kind}.npz"


def _read(path: Path, key: str) -> Columns | None:
    """Columns in a file; None where they are of another key, or damaged."""
    try:
        with open_regular(path) as file, np.load(file, allow_pickle=False) as stored:
            if stored["key"].tobytes().decode() != key:
                return None
            return Columns.from_arrays(stored)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, key: str, found: Columns) -> None:
    buffer = io.BytesIO()
    arrays = {"key": np.frombuffer(key.encode(), np.uint8), **found.arrays()}
    np.savez(buffer, allow_pickle=False, **arrays)
    with contextlib.suppress(OSError):  # a full disk or a foreign folder: then without a cache
        write_atomic(path, buffer.getvalue())
