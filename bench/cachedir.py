"""Folders of the cache: artifacts and reference outputs, by digest; and what lies elsewhere."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

MADE = "made.json"


def artifact(cache: Path, digest: str) -> Path:
    """Folder of an artifact."""
    return cache / "artifacts" / digest[:24]


def reference(cache: Path, digest: str) -> Path:
    """Folder of a reference's outputs."""
    return cache / "references" / digest[:24]


def remember(cache: Path, digest: str, place: str) -> None:
    """Note the folder or file of this machine in which something by a digest lies."""
    path = cache / "places" / digest[:24]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(place)
    part.replace(path)


def recalled(cache: Path, digest: str) -> str | None:
    """What was noted last, or None."""
    try:
        return (cache / "places" / digest[:24]).read_text()
    except OSError:
        return None


def made(folder: Path) -> dict[str, Any] | None:
    """What the step that made a folder noted, or None where it isn't whole."""
    try:
        found: dict[str, Any] = json.loads((folder / MADE).read_text())
    except (OSError, ValueError):
        return None
    return found


def files(folder: Path) -> tuple[tuple[str, ...], int]:
    """Names of an artifact's own files, and their bytes."""
    own = {MADE, "artifact.json"}
    found = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in own)
    names = tuple(p.relative_to(folder).as_posix() for p in found)
    return names, sum(p.stat().st_size for p in found)


def make(folder: Path, work: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What `work` noted about the folder that it filled; another process may have done it first.

    The folder appears whole or not at all: work fills one beside it, which is renamed at the end.
    """
    from filelock import FileLock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(str(folder) + ".lock"):
        found = made(folder)
        if found is not None:
            return found
        for left in folder.parent.glob(f"{folder.name}.*.part"):  # by one that was killed
            shutil.rmtree(left, ignore_errors=True)
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        part.mkdir()
        try:
            found = work(part)
            (part / MADE).write_text(json.dumps(found))
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return found
