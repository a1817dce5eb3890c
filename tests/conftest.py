"""What every test gets: a cache of its own, no network, and hypothesis without a stopwatch."""

from __future__ import annotations

import importlib.util
import os

import pytest
from hypothesis import settings

# The same examples in every run, and no deadline: a busy machine is no reason to fail.
settings.register_profile("segbench", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("segbench")

os.environ["HF_HUB_OFFLINE"] = "1"

collect_ignore = ["plugin", "installed.py"]
if importlib.util.find_spec("playwright") is None:
    collect_ignore.append("browser")


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    """Folder that all tests of a session share as segbench's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGBENCH_CACHE", str(folder))
        yield folder
