import errno
import json
import os

import pytest
from filelock import FileLock

from bench.devices import machine
from bench.errors import BadInput, CodeRefused, RecordError
from bench.execute import probe
from bench.plan import schedule, select
from bench.record.environment import Machine
from bench.record.store import read_run
from bench.suite.model import Model
from tests import small


@pytest.fixture
def asked(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    return small.suite(small.block(of, data))


def again(asked, tmp_path, cache, **more):
    """Result, whether it stood, and the steps that ran."""
    watch = small.Quiet()
    result = small.one(asked, tmp_path / "run", cache, watch, **more)
    return result, watch.done[0][2], [what for _, what in watch.steps]


def test_a_case_stands_until_something_changes(asked, tmp_path, cache, monkeypatch):
    first, stood, steps = again(asked, tmp_path, cache)
    assert (first.status, stood) == ("ok", False)
    assert steps[-1] == "measuring"
    path = next((tmp_path / "run" / "cases").glob("*.json"))
    stamp = path.stat().st_mtime_ns

    same, stood, steps = again(asked, tmp_path, cache)
    assert stood
    assert same == first
    assert steps == ["finding weights"]
    assert path.stat().st_mtime_ns == stamp
    assert not (tmp_path / "run" / "superseded").exists()

    known = probe.versions(first.case)
    other = machine.describe().model_copy(update={"processor": "Another Processor"})
    changes = (
        (machine, "describe", lambda: other),
        (probe, "versions", lambda case: {**known, "onnxruntime": "0.0.1"}),
        (probe, "code_digest", lambda: "0" * 16),
    )
    for kept, (module, name, value) in enumerate(changes, 1):
        # None is undone before the next, so that each differs from what is stored by itself alone.
        monkeypatch.setattr(module, name, value)
        _, stood, steps = again(asked, tmp_path, cache)
        assert not stood, name
        assert steps[-1] == "measuring"
        # Two results of one second would share a name if the stamp were all of it.
        assert len(list((tmp_path / "run" / "superseded").iterdir())) == kept, name


def test_fresh_measures_again_and_keeps_the_old_result(asked, tmp_path, cache):
    first, _, _ = again(asked, tmp_path, cache)
    second, stood, _ = again(asked, tmp_path, cache, fresh=True)
    assert not stood
    assert second.status == "ok"
    (old,) = (tmp_path / "run" / "superseded").iterdir()
    kept = json.loads(old.read_text())
    assert kept["measurements"] == first.model_dump(mode="json")["measurements"]


def test_a_new_weight_is_a_new_case_and_a_copy_is_not(asked, tmp_path, cache):
    again(asked, tmp_path, cache)
    copy = small.conv_graph(tmp_path / "elsewhere" / "conv.onnx")
    moved = small.suite(
        asked.blocks[0].model_copy(update={"model": small.model(copy)}),
    )
    assert again(moved, tmp_path, cache)[1]
    small.conv_graph(copy, small.WEIGHTS * 2)
    result, stood, _ = again(moved, tmp_path, cache)
    assert (result.status, stood) == ("ok", False)


def test_a_failed_row_is_tried_again(asked, tmp_path, cache):
    picture = tmp_path / "pictures" / "images" / "p1.png"
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])
    first, _, _ = again(asked, tmp_path, cache)
    assert first.status == "failed"
    picture.write_bytes(whole)
    second, stood, _ = again(asked, tmp_path, cache)
    assert (second.status, stood) == ("ok", False)


def test_a_folder_of_another_suite_is_refused(asked, tmp_path, cache):
    again(asked, tmp_path, cache)
    with pytest.raises(RecordError, match=r"suite 'small', not 'other'.*--out"):
        again(asked.model_copy(update={"name": "other"}), tmp_path, cache)


def test_two_parents_never_share_a_folder(asked, tmp_path, cache):
    (tmp_path / "run").mkdir()
    with (
        FileLock(str(tmp_path / "run" / ".lock")),
        pytest.raises(BadInput, match="Another segbench is measuring"),
    ):
        again(asked, tmp_path, cache)


def test_an_unwritable_folder_is_one_sentence(asked, tmp_path, cache):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(BadInput, match=r"can't be written: .*--out"):
        again(asked, tmp_path, cache)


def test_code_is_refused_before_anything_is_measured(asked, tmp_path, cache):
    code = Model(name="mine", loader="callable", source="code", location="mine:build")
    mixed = small.suite(
        *asked.blocks,
        asked.blocks[0].model_copy(update={"model": code, "variants": (small.TORCH,)}),
    )
    watch = small.Quiet()
    with pytest.raises(CodeRefused, match=r"'mine:build'.*--allow-code"):
        small.run(mixed, tmp_path / "run", cache, watch)
    assert not watch.steps
    assert not (tmp_path / "run").exists()


def test_a_full_disk_fails_the_case_that_it_hits_alone(asked, tmp_path, cache, monkeypatch):
    block = asked.blocks[0]
    three = small.suite(*(block.model_copy(update={"axis": f"a{i}"}) for i in range(3)))
    real = schedule.write_result

    def full(run, result, **more):
        if result.case.axis == "a1" and result.status == "ok":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(run, result, **more)

    monkeypatch.setattr(schedule, "write_result", full)
    found = list(small.run(three, tmp_path / "run", cache).values())
    assert [r.status for r in found] == ["ok", "failed", "ok"]
    assert "No space left on device" in found[1].reason
    assert [r.status for r in read_run(tmp_path / "run").results] == ["ok", "failed", "ok"]


def test_a_skipped_row_that_stands_is_not_written_twice(asked, tmp_path, cache):
    gone = small.CPU.model_copy(
        update={"requires": small.CPU.requires.model_copy(update={"processor": "Abacus"})}
    )
    skipping = small.suite(asked.blocks[0].model_copy(update={"targets": (gone,)}))
    first, _, steps = again(skipping, tmp_path, cache)
    assert first.status == "skipped"
    assert "requires processor = 'Abacus'" in first.reason
    assert not steps
    again(skipping, tmp_path, cache)
    assert not (tmp_path / "run" / "superseded").exists()


def test_another_machine_is_another_identity():
    here = Machine(processor="A", architecture="x86_64", cores=2, memory_bytes=2**30)
    assert here.identity == here.model_copy(update={"system": "Linux 7"}).identity
    assert here.identity != here.model_copy(update={"cores": 4}).identity


def test_a_row_without_parity_is_measured_again(asked, tmp_path, cache):
    found, _, _ = again(asked, tmp_path, cache)
    case = found.case
    assert select.stands(found, case, machine.describe())
    parity = found.get("parity").model_copy(update={"absent": "the reference failed"})
    others = tuple(m for m in found.measurements if m.kind != "parity")
    assert not select.stands(
        found.model_copy(update={"measurements": (*others, parity)}), case, machine.describe()
    )
