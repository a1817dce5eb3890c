from __future__ import annotations

import importlib.util
from importlib import metadata

import pytest

from bench import registry
from bench.errors import UnknownName

ENTRIES = [e for kind in registry.TABLE for e in registry.entries(kind).values()]


@pytest.fixture
def plugged(monkeypatch):
    """A distribution that adds a backend, and tries to take the place of another."""

    class Dist:
        name = "somebody"

    def points(group: str):
        mine = [
            metadata.EntryPoint("extra", "json:dumps", group),
            metadata.EntryPoint("torch", "json:dumps", group),
        ]
        return [p._for(Dist()) for p in mine] if group == "segbench.backend" else []

    monkeypatch.setattr(registry.metadata, "entry_points", points)
    registry.entries.cache_clear()
    yield
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


@pytest.mark.usefixtures("plugged")
def test_other_packages_add_and_never_replace() -> None:
    import json

    known = registry.entries("backend")
    assert known["extra"].provider == "somebody"
    assert known["torch"].provider == "segbench"
    assert registry.load("backend", "extra") is json.dumps
