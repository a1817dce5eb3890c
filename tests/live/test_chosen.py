import pytest

from bench.errors import NothingMeasured
from bench.live.chosen import choose
from tests.builders import Planned, build_run

ROWS = (
    Planned(),
    Planned("torch-fp16", flip=0.6, status="wrong"),
    Planned("onnx-onnxruntime-fp32"),
    Planned("torchscript-fp32", status="failed", reason="It broke."),
)


def ids(found):
    return [case.id for case, _ in found]


@pytest.fixture
def run(tmp_path):
    return build_run(tmp_path / "run", ROWS, images=2)


def test_wrong_and_failed_cases_are_left_out_and_the_wrong_ones_named(run):
    lines = []
    assert ids(choose(run, None, "main", "*", lines.append)) == [ROWS[0].case.id, ROWS[2].case.id]
    (line,) = lines
    assert ROWS[1].case.id in line
    assert "--only ID" in line


def test_a_wrong_case_is_paired_when_its_very_id_is_asked_for(run):
    lines = []
    assert ids(choose(run, None, "main", ROWS[1].case.id, lines.append)) == [ROWS[1].case.id]
    assert not lines
    with pytest.raises(NothingMeasured, match="main"):
        choose(run, None, "main", "*/torch-fp16/*", lines.append)


def test_a_base_run_must_have_measured_the_case(run, tmp_path):
    failed = Planned(status="failed", reason="It broke.")
    base = build_run(tmp_path / "base", (failed, ROWS[2]), images=2)
    ((new, old),) = choose(run, base, "base", "*", print)
    assert (new.id, old) == (ROWS[2].case.id, base.results[1].case)


def test_what_was_wrong_before_may_be_held_against_what_is_right_now(tmp_path):
    now = build_run(tmp_path / "now", (Planned("torch-fp16"),), images=2)
    before = build_run(tmp_path / "before", (ROWS[1],), images=2)
    assert len(choose(now, before, "before", "*", print)) == 1
