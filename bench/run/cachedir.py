"""Folders of the cache: artifacts and reference outputs, by digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

MADE = "made.json"


def artifact(cache: Path, digest: str) -> Path:
    """Folder of an artifact."""
    return cache / "artifacts" / digest[:24]


def reference(cache: Path, digest: str) -> Path:
    """Folder of a reference's outputs."""
    return cache / "references" / digest[:24]


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
