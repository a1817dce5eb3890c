"""Where a machine's calibration is kept, and how it comes into a run."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bench import resources
from bench.record.calibration import Calibration
from bench.run import machine

if TYPE_CHECKING:
    from bench.record.environment import Machine


def path(of: Machine) -> Path:
    """File of a machine's calibration in the cache."""
    name = hashlib.sha256(of.identity.encode()).hexdigest()[:16]
    return resources.cache_dir() / "calibrations" / f"{name}.json"


def stored() -> Calibration | None:
    """Calibration of this machine; None where none was made, or another schema's."""
    try:
        return Calibration.model_validate_json(path(machine.describe()).read_bytes())
    except (OSError, ValueError):
        return None


def attach(run_folder: Path) -> Calibration | None:
    """Calibration of this machine, copied into a run, whose gate will need it; None without one."""
    found = stored()
    if found is not None:
        shutil.copyfile(path(found.machine), run_folder / "calibration.json")
    return found
