from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from importlib import metadata

import pytest

from bench import registry
from bench.errors import BadInput, UnknownName

ENTRIES = [e for kind in registry.TABLE for e in registry.entries(kind).values()]


@pytest.fixture
def plugged(monkeypatch):
    """Other distributions that bring backends: name and target by distribution."""

    def install(**brought):
        def points(group):
            for name, (word, target) in brought.items() if group == "segbench.backend" else ():
                dist = type("Dist", (), {"name": name})()
                yield metadata.EntryPoint(word, target, group)._for(dist)

        monkeypatch.setattr(registry.metadata, "entry_points", points)
        registry.entries.cache_clear()

    yield install
    registry.entries.cache_clear()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda e: f"{e.kind}-{e.name}")
def test_every_entry_leads_to_a_module(entry: registry.Entry) -> None:
    module, _, attribute = entry.target.partition(":")
    assert importlib.util.find_spec(module), entry.target
    assert attribute


def test_a_typo_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownName, match=r"no backend called 'onnxrt'.*'onnxruntime'"):
        registry.find("backend", "onnxrt")
    with pytest.raises(UnknownName, match="Known: cpu, cuda"):
        registry.find("device", "zzz")


def test_loading_gives_the_attribute() -> None:
    assert registry.load("device", "cpu").name == "cpu"


def test_other_packages_add(plugged) -> None:
    plugged(somebody=("extra", "json:dumps"))
    assert registry.entries("backend")["extra"].provider == "somebody"
    assert registry.entries("backend")["torch"].provider == "segbench"
    assert registry.load("backend", "extra") is json.dumps
    assert "extra" not in registry.entries("dataset")


@pytest.mark.parametrize(
    ("brought", "both"),
    [
        ({"somebody": ("torch", "json:dumps")}, "segbench and somebody both .* 'torch'.*uninstall"),
        ({"a": ("x", "json:dumps"), "b": ("x", "json:loads")}, "a and b both bring a backend"),
    ],
)
def test_a_name_that_two_packages_claim_names_both(plugged, brought, both) -> None:
    plugged(**brought)
    for ask in (registry.entries, lambda kind: registry.load(kind, "onnxruntime")):
        with pytest.raises(BadInput, match=both):
            ask("backend")
    assert registry.load("device", "cpu").name == "cpu"


def test_the_registry_imports_no_family() -> None:
    """The import law leaves its types out, so this holds the law for it."""
    ask = "import sys, bench.registry; print(*sorted(m for m in sys.modules if 'bench' in m))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bench", "bench.errors", "bench.registry"]
