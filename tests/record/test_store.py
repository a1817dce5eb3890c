from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from bench.errors import RecordError
from bench.record import store
from bench.record.base import ArrayFile
from bench.record.pairs import PairsRecord
from bench.record.result import SCHEMA
from tests import builders

ARRAYS = {"count": np.arange(5, dtype=np.uint32), "share": np.ones((2, 3))}


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    run = builders.build_run(tmp_path)
    again = store.read_run(tmp_path)
    assert again.info == run.info
    assert again.results == run.results
    assert [r.case.id for r in again.results] == list(run.info.plan)
    for result in again.results:
        path = tmp_path / "cases" / f"{store.file_stem(result.case.id)}.json"
        assert store.to_json(store.read_result(path)) == path.read_bytes()
    confusion = again.results[0].get("confusion")
    assert int(again.arrays(confusion.arrays)["count"].sum()) > 0


def test_results_outside_of_the_plan_come_last(tmp_path: Path) -> None:
    builders.build_run(tmp_path)
    extra = builders.result(builders.case("torch-fp16"))
    store.write_result(tmp_path, extra)
    assert store.read_run(tmp_path).results[-1] == extra
    assert store.read_run(tmp_path).get(extra.case.id).case == extra.case
    assert store.read_run(tmp_path).get("nothing") is None


def test_a_run_without_a_result_yet_can_be_read(tmp_path: Path) -> None:
    builders.build_run(tmp_path, plan=("one",))
    shutil.rmtree(tmp_path / "cases")
    run = store.read_run(tmp_path)
    assert (run.ids, run.pending, run.results) == ((), ("one",), ())
    assert run.digest == store.read_run(tmp_path).digest


def test_arrays_are_checked_against_their_digest(tmp_path: Path) -> None:
    file = store.write_arrays(tmp_path, "a/b", "confusion", ARRAYS)
    back = store.read_arrays(tmp_path, file)
    assert set(back) == set(ARRAYS)
    assert all(np.array_equal(back[k], v) and back[k].dtype == v.dtype for k, v in ARRAYS.items())
    path = tmp_path / file.file
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordError, match="digest differs"):
        store.read_arrays(tmp_path, file)
    path.unlink()
    with pytest.raises(RecordError, match="can't be read"):
        store.read_arrays(tmp_path, file)


def test_arrays_never_hold_objects(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        store.write_arrays(tmp_path, "a", "k", {"x": np.array([{}], dtype=object)})
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{}], dtype=object))
    (tmp_path / "x.npz").write_bytes(buffer.getvalue())
    file = ArrayFile(file="x.npz", sha256=hashlib.sha256(buffer.getvalue()).hexdigest())
    with pytest.raises(RecordError, match="allow_pickle=False"):
        store.read_arrays(tmp_path, file)


def test_an_encrypted_npz_is_refused_in_a_sentence(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **ARRAYS)
    content = bytearray(buffer.getvalue())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + flags] |= 1  # as the ZIP format marks an encrypted entry
    (tmp_path / "x.npz").write_bytes(content)
    file = ArrayFile(file="x.npz", sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(RecordError, match=r"holds no arrays: .*encrypted"):
        store.read_arrays(tmp_path, file)


@pytest.mark.parametrize("name", ["../x.npz", "/etc/passwd", "a/../../x", "link/x"])
def test_a_record_names_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(RecordError, match="outside its folder"):
        store.inside(folder, name)
    with pytest.raises(RecordError, match="outside its folder"):
        store.read_arrays(folder, ArrayFile(file=name, sha256=""))


def test_media_are_named_by_content(tmp_path: Path) -> None:
    name = store.write_media(tmp_path / "media", b"picture", ".png")
    assert store.write_media(tmp_path / "media", b"picture", ".png") == name
    assert store.write_media(tmp_path / "media", b"other", ".png") != name
    run = store.Run(tmp_path, store.RunInfo(suite="s", title="S", plan=()))
    assert run.media(name) == b"picture"
    for wrong in ("none.png", "../run.json"):
        with pytest.raises(RecordError):
            run.media(wrong)


def test_a_full_disk_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "run.json"
    store.write_atomic(path, b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_before_the_rename_leaves_no_result(tmp_path: Path, monkeypatch) -> None:
    builders.build_run(tmp_path)
    before = store.read_run(tmp_path).results

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        store.write_result(tmp_path, builders.result(builders.case("torch-fp16")))
    monkeypatch.undo()
    assert store.read_run(tmp_path).results == before


def test_an_older_result_is_kept_aside(tmp_path: Path) -> None:
    first = builders.result()
    second = builders.result(started="2026-11-23T08:00:00Z")
    store.write_result(tmp_path, first)
    path = store.write_result(tmp_path, second)
    assert store.read_result(path) == second
    (aside,) = (tmp_path / "superseded").iterdir()
    assert store.read_result(aside) == first


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"holds no run .*segbench run quickstart"):
        store.read_run(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "can't be read as JSON"),
        ("[]", "holds no record"),
        ("{}", "no schema number"),
        ('{"schema": 99}', f"schema 99; this segbench reads up to {SCHEMA}"),
        ('{"schema": 1, "status": "fine"}', "isn't a Result"),
    ],
)
def test_a_file_that_is_no_result(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=said) as e:
        store.read_result(path)
    assert str(path) in e.value.message


def test_json_is_written_with_its_schema_first(tmp_path: Path) -> None:
    raw = json.loads(store.to_json(builders.result()))
    assert next(iter(raw)) == "schema"
    assert store.to_json(builders.result()).endswith(b"}\n")


def test_a_row_that_only_grew_supersedes_nothing(tmp_path):
    first = builders.result()
    store.write_result(tmp_path, first)
    grown = first.model_copy(update={"notes": ("One more.",)})
    path = store.write_result(tmp_path, grown, more=True)
    assert store.read_result(path) == grown
    assert not (tmp_path / "superseded").exists()
    store.write_result(tmp_path, first)
    assert len(list((tmp_path / "superseded").iterdir())) == 1


def test_the_note_of_a_gate_under_way_is_no_record(tmp_path):
    run = builders.build_run(tmp_path)
    machine = run.results[0].environment.machine
    ids = [r.case.id for r in run.results[:2]]
    for case_id in ids:
        record = PairsRecord(case=case_id, baseline="main", machine=machine)
        path = tmp_path / "pairs" / f"{store.file_stem(case_id)}.json"
        store.write_atomic(path, store.to_json(record))
    store.write_atomic(
        tmp_path / "pairs" / ".begun.json", json.dumps(dict.fromkeys(ids, "")).encode()
    )
    assert set(run.pairs()) == set(ids)
