from bench.record.calibration import Calibration, Rate
from bench.record.store import read_run, to_json, write_atomic
from bench.report.sections.calibration import section
from bench.report.view import View
from tests import builders

MADE = Calibration(
    machine=builders.environment().machine, case="conv", pairs=40, log_ratios=(0.0,) * 40,
    gate_pairs=10, threshold=1.03, false_alarms=Rate(hits=4, of=2000, low=0.0, high=0.6),
    smallest=1.045, in_process=1.004, measured="2026-11-22T12:00:00Z",
)  # fmt: skip


def view(run):
    return View(run, ())


def test_a_run_without_calibration_has_no_such_section(tmp_path):
    assert section(view(builders.build_run(tmp_path))) is None


def test_it_says_what_the_gate_can_tell_here(tmp_path):
    run = builders.build_run(tmp_path)
    write_atomic(run.folder / "calibration.json", to_json(MADE))
    found = section(view(read_run(run.folder)))
    said = str(found.blocks[0].items)
    for words in (
        "40 pairs",
        "2026-11-22",
        "0.2 % of gates",
        "0 to 60 %",
        "4.5 %",
        "1.030",
        "1.004",
    ):
        assert words in said
