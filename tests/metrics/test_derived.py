import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bench
from bench import registry
from bench.cli.show import report
from bench.errors import RecordError
from bench.metrics import blocks, derived
from bench.metrics.base import Names
from bench.metrics.rows import CLASSES, rows
from bench.record.store import read_run, write_result
from bench.resources import cache_dir
from tests.builders import build_run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGBENCH_CACHE", str(tmp_path / "cache"))
    build_run(tmp_path / "run")
    return tmp_path / "run"


def told(folder):
    run = read_run(folder)
    return report(run, rows(run))


def files():
    return sorted((cache_dir() / "derived").rglob("*.npz"))


@pytest.fixture
def computed(monkeypatch):
    """Kinds that were computed, but those of plug-ins, which never are kept."""
    asked, compute = [], derived._compute
    ours = {k for k, e in registry.entries("metric").items() if e.provider == "segbench"}
    ours |= {derived.NAMES, CLASSES}

    def counted(functions, *rest):
        asked.extend(ours & set(functions))
        return compute(functions, *rest)

    monkeypatch.setattr(derived, "_compute", counted)
    return asked


def test_deleting_the_cache_changes_nothing_and_what_is_there_is_not_computed(folder, computed):
    cold = told(folder)
    assert len(files()) == len(computed) == len(set(computed))
    computed.clear()
    assert told(folder) == cold
    assert not computed
    shutil.rmtree(cache_dir())
    assert told(folder) == cold
    assert computed


def test_only_what_is_asked_for_is_computed(folder, computed):
    (row, *_) = rows(read_run(folder), ["latency_p50_ms"])
    assert set(computed) == {"latency", derived.NAMES}
    assert row.value("latency_p50_ms") is not None
    assert row.metrics.get("miou") is None
    assert (row.names, dict(row.by_class)) == (Names.of(row.result), {})


def test_a_damaged_cache_is_made_anew(folder):
    cold = told(folder)
    for file in files():
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 255
        file.write_bytes(content)
    assert told(folder) == cold
    files()[0].write_bytes(b"")
    files()[1].write_bytes(b"PK\3\4")
    assert told(folder) == cold


def test_another_record_gives_other_numbers(folder):
    cold = told(folder)
    run = read_run(folder)
    first = run.results[0]
    changed = first.model_copy(update={"measurements": first.measurements[:1]})
    write_result(folder, changed)
    again = told(folder)
    assert again != cold
    assert again["cases"][0]["metrics"]["latency_p50_ms"] is None
    shutil.rmtree(cache_dir())
    assert told(folder) == again


def test_other_code_makes_it_anew(folder, monkeypatch, computed):
    told(folder)
    computed.clear()
    monkeypatch.setattr(derived, "code_of", lambda _: "other")
    told(folder)
    assert "accuracy" in computed


def test_a_cache_that_cannot_be_written_is_done_without(folder, monkeypatch):
    cold = told(folder)
    (folder.parent / "file").write_text("")
    monkeypatch.setenv("SEGBENCH_CACHE", str(folder.parent / "file"))
    assert told(folder) == cold


def test_many_readers_at_once_get_the_same(folder):
    command = [sys.executable, "-m", "bench", "show", str(folder), "--json"]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    found = {r.communicate()[0] for r in readers}
    assert len(found) == 1
    assert b"latency_p50_ms" in found.pop()


def test_several_processes_derive_what_one_does(folder, monkeypatch):
    cold = told(folder)
    shutil.rmtree(cache_dir())
    monkeypatch.setattr(blocks, "BLOCK", 2)
    monkeypatch.setattr(blocks, "MANY", 2)
    monkeypatch.setattr(blocks, "_can_fork", lambda: True)
    assert told(folder) == cold
    (folder / "cases" / read_run(folder).planned.__next__().get("confusion").arrays.file).unlink()
    with pytest.raises(RecordError, match=r"can't be read.*Measure that case|can't be read"):
        rows(read_run(folder))


def test_a_table_of_data_is_code_of_the_cached_numbers():
    package = Path(bench.__file__).parent
    places = [package / place for place in derived.CODE]
    tables = {table for place in places for table in place.rglob("*.toml")}
    assert tables
    assert tables <= set(places)
