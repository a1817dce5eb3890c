import pytest

from bench.devices import machine
from bench.errors import BadInput
from bench.record.store import to_json, write_atomic
from tests import builders
from tests.studies.gate import provenance

CASE = builders.case()


def test_pools_remember_their_case_and_code(tmp_path):
    first = provenance.claim(tmp_path, CASE)
    assert (first.case, first.fingerprint) == (CASE.id, CASE.fingerprint)
    assert provenance.claim(tmp_path, CASE) == first


def test_pools_of_another_case_are_refused(tmp_path):
    provenance.claim(tmp_path, CASE)
    protocol = CASE.protocol.model_copy(update={"height": 7, "width": 9})
    with pytest.raises(BadInput, match="pairs of another case"):
        provenance.claim(tmp_path, CASE.model_copy(update={"protocol": protocol}))


def test_pools_of_other_code_are_refused(tmp_path, monkeypatch):
    was = provenance.claim(tmp_path, CASE)
    monkeypatch.setattr(provenance, "CODE", ("bench/live/pair.py",))
    with pytest.raises(BadInput, match=f"pairs of other code .{was.code}, now "):
        provenance.claim(tmp_path, CASE)


def test_pools_of_which_nobody_knows_the_code_are_refused(tmp_path):
    write_atomic(tmp_path / "machine.json", to_json(machine.describe()))
    (tmp_path / "idle-0.jsonl").write_text("")
    with pytest.raises(BadInput, match="not of which code and case"):
        provenance.claim(tmp_path, CASE)


def test_pools_of_another_machine_are_refused(tmp_path):
    write_atomic(tmp_path / "machine.json", to_json(builders.environment().machine))
    with pytest.raises(BadInput, match="another machine"):
        provenance.claim(tmp_path, CASE)
