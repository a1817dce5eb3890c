"""The start of a worker, run as a script: its `bench` is the package that this file lies in.

Not by way of PYTHONPATH: a folder named there comes before the standard library, and an installed
segbench shares its folder with whatever else is installed, the long-dead backport `typing` included.
"""

import importlib
import importlib.util
import sys
from pathlib import Path


def adopt(package: Path) -> None:
    """Make `bench` the package in a folder, whatever else of that name can be found."""
    spec = importlib.util.spec_from_file_location(
        "bench", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if spec is None or spec.loader is None:  # pragma: no cover - the file is our own
        raise ImportError(str(package))
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    adopt(Path(__file__).resolve().parents[1])
    importlib.import_module("bench.measure.worker").end()
