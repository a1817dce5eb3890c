"""A run on disk: run.json, cases/ID.json with ID.KIND.npz beside it, media/ by content.

The .npz is written first and the JSON, which holds its sha256, last; both through a temporary file
and a rename. Only the JSON makes a result, so a process killed anywhere leaves none or a whole one.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import zipfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field, ValidationError

from bench.errors import RecordError
from bench.record.base import ArrayFile, Record
from bench.record.calibration import Calibration
from bench.record.ceiling import Ceiling
from bench.record.pairs import PairsRecord
from bench.record.result import SCHEMA, Result
from bench.record.upgrade import upgrade
from bench.resources import read_bytes
from bench.suite.policy import GatePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


R = TypeVar("R", bound=Record)


class RunInfo(Record):
    """run.json: what the run set out to do."""

    schema_version: int = Field(default=SCHEMA, alias="schema")
    suite: str
    title: str
    about: str = ""
    plan: tuple[str, ...]
    """Ids of all cases, in order; those without a result are pending."""
    gate: GatePolicy = GatePolicy()
    segbench: str = ""
    """Version."""
    command: tuple[str, ...] = ()

    model_config = Result.model_config


class Run:
    """A run that was read: its info and its results in the order of the plan."""

    def __init__(self, folder: Path, info: RunInfo, results: tuple[Result, ...]) -> None:
        self.folder = folder
        self.info = info
        self.results = results

    def arrays(self, file: ArrayFile) -> dict[str, NDArray[Any]]:
        """Arrays of a measurement, checked against their digest."""
        return read_arrays(self.folder / "cases", file)

    def media(self, name: str) -> bytes:
        """Bytes of a picture in media/."""
        path = inside(self.folder / "media", name)
        try:
            return read_bytes(path)
        except OSError as e:
            raise RecordError(f"{path} can't be read: {e.strerror}.") from e

    def pairs(self) -> dict[str, PairsRecord]:
        """Case -> live pairs that `segbench gate --live` left here."""
        files = sorted((self.folder / "pairs").glob("[!.]*.json"))  # .begun.json is none
        found = [_plain(PairsRecord, file) for file in files]
        return {p.case: p for p in found}

    def calibration(self) -> Calibration | None:
        """What the self-test found about the machine of this run; None where none was made."""
        path = self.folder / "calibration.json"
        return _plain(Calibration, path) if path.exists() else None

    def ceilings(self) -> tuple[Ceiling, ...]:
        """What the machine itself can do, one entry a device and number of threads."""
        return tuple(_plain(Ceiling, f) for f in sorted((self.folder / "ceilings").glob("*.json")))

    @cached_property
    def _by_id(self) -> dict[str, Result]:
        return {r.case.id: r for r in self.results}

    @cached_property
    def planned(self) -> tuple[Result, ...]:
        """Results of the plan's cases, in its order."""
        return tuple(r for i in self.info.plan if (r := self._by_id.get(i)))

    def get(self, case_id: str) -> Result | None:
        """Result of a case, or None."""
        return self._by_id.get(case_id)


def file_stem(case_id: str) -> str:
    """Name of a case's files: its id with every `/` as `__`."""
    return case_id.replace("/", "__")


def inside(folder: Path, name: str) -> Path:
    """Path of `name` in `folder`.

    Raises:
        RecordError: the name leads out of the folder.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RecordError(f"The record names a file outside its folder: {name!r}.")
    return path


def write_atomic(path: Path, content: bytes) -> None:
    """Write through a temporary file of this process and a rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_arrays(
    folder: Path, case_id: str, kind: str, arrays: Mapping[str, NDArray[Any]]
) -> ArrayFile:
    """Reference to the .npz, in `folder`, that now holds the arrays."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    content = buffer.getvalue()
    sha = hashlib.sha256(content).hexdigest()
    name = f"{file_stem(case_id)}.{kind}.{sha[:12]}.npz"
    write_atomic(folder / name, content)
    return ArrayFile(file=name, sha256=sha)


def read_arrays(folder: Path, file: ArrayFile) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz, after its digest was checked."""
    import numpy as np

    path = inside(folder, file.file)
    try:
        packed = read_bytes(path)
    except OSError as e:
        raise RecordError(f"{path} can't be read: {e.strerror}.") from e
    if hashlib.sha256(packed).hexdigest() != file.sha256:
        raise RecordError(
            f"{path} isn't the file that its record names (its digest differs).",
            "Measure that case again with --fresh.",
        )
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as z:
            return {k: z[k] for k in z.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as e:
        raise RecordError(f"{path} holds no arrays: {e}.") from e


def write_media(folder: Path, content: bytes, suffix: str) -> str:
    """Name, by content, of a picture that now lies in `folder`."""
    name = hashlib.sha256(content).hexdigest()[:16] + suffix
    if not (folder / name).exists():
        write_atomic(folder / name, content)
    return name


def write_result(run: Path, result: Result, *, more: bool = False) -> Path:
    """Path of the JSON that makes the result; an older one is kept in superseded/.

    Args:
        run: Folder of the run.
        result: The row.
        more: It holds all of the older one and something beside (a launch, a measurement): nothing
            is superseded then.
    """
    path = run / "cases" / f"{file_stem(result.case.id)}.json"
    if path.exists() and not more:
        raw = read_bytes(path)
        old = json.loads(raw)
        stamp = str(old.get("started", "")).replace(":", "").replace("-", "") or "unknown"
        sha = hashlib.sha256(raw).hexdigest()[:8]
        aside = run / "superseded" / f"{path.stem}.{stamp}.{sha}.json"
        aside.parent.mkdir(parents=True, exist_ok=True)
        # A second name for the old file, so that a full disk leaves it where it is.
        with contextlib.suppress(FileExistsError):
            os.link(path, aside)
    write_atomic(path, to_json(result))
    return path


def to_json(record: Record) -> bytes:
    """Indented JSON, UTF-8, one trailing newline."""
    return (record.model_dump_json(indent=1, by_alias=True) + "\n").encode()


def read_result(path: Path) -> Result:
    """Result in a JSON file, upgraded from older schemas.

    Raises:
        RecordError: not JSON, not a result, or of a newer schema.
    """
    result: Result = _parse(Result, path)
    return result


def read_run(folder: Path) -> Run:
    """Run in a folder.

    Raises:
        RecordError: there is none, or it can't be understood.
    """
    path = folder / "run.json"
    if not path.is_file():
        raise RecordError(
            f"{folder} holds no run (no run.json).",
            "Make one with: segbench run quickstart",
        )
    info = _parse(RunInfo, path)
    found = {}
    for file in sorted((folder / "cases").glob("*.json")):
        result = _parse(Result, file)
        found[result.case.id] = result
    order = {case_id: i for i, case_id in enumerate(info.plan)}
    results = sorted(found.values(), key=lambda r: (order.get(r.case.id, len(order)), r.case.id))
    return Run(folder, info, tuple(results))


def _raw(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(read_bytes(path))
    except (OSError, ValueError, RecursionError) as e:
        raise RecordError(f"{path} can't be read as JSON: {e}.") from e
    if not isinstance(raw, dict):
        raise RecordError(f"{path} holds no record.")
    return upgrade(raw, path)


def _plain(kind: type[R], path: Path) -> R:
    """A record that stands beside the results, in its own schema."""
    try:
        return kind.model_validate_json(read_bytes(path))
    except OSError as e:
        raise RecordError(f"{path} can't be read: {e.strerror}.") from e
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise RecordError(f"{path} isn't a {kind.__name__}: {where}: {first['msg']}.") from e


def _parse(kind: Any, path: Path) -> Any:
    try:
        return kind.model_validate(_raw(path))
    except ValidationError as e:
        first = e.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise RecordError(f"{path} isn't a {kind.__name__}: {where}: {first['msg']}.") from e
