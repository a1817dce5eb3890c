import pytest

from bench.errors import RecordError
from bench.record.store import file_stem, read_run
from tests.builders import ROWS, Planned, build_run


def test_a_stored_result_says_what_the_file_says(tmp_path):
    run = build_run(tmp_path)
    for whole in run.results:
        stored = read_run(tmp_path).get(whole.case.id)
        assert stored.measurements == whole.measurements
        assert stored.get("timing") == whole.get("timing")
        for name in type(whole).model_fields:
            assert getattr(stored, name) == getattr(whole, name), name
        with pytest.raises(AttributeError):
            _ = stored.nothing


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    run = build_run(tmp_path)
    stored = run.get(run.ids[0])
    moved = stored.model_copy(update={"reason": "Because."})
    assert not stored.__dict__
    assert (moved.reason, moved.status) == ("Because.", "ok")
    assert moved.get("timing")
    assert "measurements" not in stored.__dict__
    assert "measurements" not in moved.__dict__
    assert moved.model_copy(update={"measurements": ()}).get("timing") is None


def test_equal_parts_of_results_are_kept_once(tmp_path):
    run = build_run(tmp_path, (*ROWS, Planned(target="one")))
    cases = [r.case for r in run.planned]
    assert len({id(c.model) for c in cases}) == 1
    assert len({id(c.target) for c in cases}) == 2
    places = [r.environment for r in run.planned if r.environment]
    assert len({id(p.machine) for p in places}) == 1
    assert [r.model_copy(update={"measurements": ()}) for r in run.results] == [
        type(w).model_construct(**{**s.__dict__, "measurements": ()})
        for w, s in zip(run.results, run.planned, strict=True)
    ]


def test_a_file_that_holds_another_case_is_refused(tmp_path):
    run = build_run(tmp_path)
    first, second = (tmp_path / "cases" / f"{file_stem(i)}.json" for i in run.ids[:2])
    first.write_bytes(second.read_bytes())
    with pytest.raises(RecordError, match="holds the result of another case"):
        _ = read_run(tmp_path).get(run.ids[0]).status
