"""Digests of weight files, cached by path, size and time, since a gigabyte takes a second."""

import hashlib
import json
from pathlib import Path

from bench.errors import WeightsError
from bench.record.store import write_atomic
from bench.resources import cache_dir


def sha256(path: Path) -> str:
    """sha256, hexadecimal, of a file; WeightsError where it can't be read."""
    try:
        stat = path.stat()
        key = hashlib.sha256(
            f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}".encode()
        ).hexdigest()
        note = cache_dir() / "digests" / f"{key}.json"
        if note.is_file():
            return str(json.loads(note.read_text())["sha256"])
        with path.open("rb") as f:
            found = hashlib.file_digest(f, "sha256").hexdigest()
    except OSError as e:
        raise WeightsError(f"{path} can't be read: {e.strerror}.") from e
    if stat.st_size > 64 * 2**20:
        write_atomic(note, json.dumps({"sha256": found}).encode())
    return found


def folder_digest(folder: Path, patterns: tuple[str, ...]) -> str:
    """sha256 over names and contents of the files that match, by name."""
    files = sorted({p for pattern in patterns for p in folder.glob(pattern)})
    lines = "".join(f"{p.name} {sha256(p)}\n" for p in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def external_data(path: Path) -> tuple[str, ...]:
    """Names of the files beside an ONNX file that hold its weights, as the file tells them.

    WeightsError where it isn't an ONNX file, or names a file outside its folder.
    """
    import onnx

    try:
        graph = onnx.load(path, load_external_data=False).graph
    except Exception as e:
        raise WeightsError(f"{path} isn't an ONNX file that can be read: {e}.") from e
    fields = (f for i in graph.initializer for f in i.external_data)
    names = sorted({f.value for f in fields if f.key == "location"})
    for name in names:
        if not (path.parent / name).resolve().is_relative_to(path.parent.resolve()):
            raise WeightsError(f"{path} names weights outside its folder: {name!r}.")
    return tuple(names)
