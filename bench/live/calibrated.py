"""Where a machine's calibration is kept, and how it comes into a run."""

import hashlib
import shutil
from pathlib import Path

from bench import resources
from bench.devices import machine
from bench.execute import probe
from bench.record.calibration import Calibration
from bench.record.environment import Machine


def path(of: Machine) -> Path:
    """File of a machine's calibration in the cache."""
    name = hashlib.sha256(of.identity.encode()).hexdigest()[:16]
    return resources.cache_dir() / "calibrations" / f"{name}.json"


def stored(pairs: int) -> Calibration | None:
    """Calibration of this machine by this code.

    None where none was made, or where it is another schema's, another code's (a changed way of
    measuring has other noise), or for gates of fewer pairs.
    """
    try:
        found = Calibration.model_validate_json(resources.read_bytes(path(machine.describe())))
    except (OSError, ValueError):
        return None
    holds = found.code_digest == probe.code_digest() and found.gate_pairs >= pairs
    return found if holds else None


def attach(run_folder: Path, pairs: int) -> Calibration | None:
    """Calibration of this machine, copied into a run, whose gate will need it; None without one."""
    found = stored(pairs)
    if found is not None:
        shutil.copyfile(path(found.machine), run_folder / "calibration.json")
    return found
