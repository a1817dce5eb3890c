import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.cli import watch
from bench.cli.watch import Watch
from bench.record.result import Process
from bench.record.timing import Launch, TimingMeasurement
from tests import builders

SAMPLES = TimingMeasurement(
    launches=(Launch(end_to_end_ns=(9_000_000, 9_000_000, 12_300_000, 13_000_000, 50_000_000)),)
)


def told(capsys, *results, stood=False):
    with Watch(len(results)) as made:
        for at, result in enumerate(results):
            made.left({"case": len(results) - at}, "case")
            made.step(result.case, "measuring")
            made.progress("accuracy", 1, 2)
            made.finished(result, stood=stood)
            made.left({})
    return made, capsys.readouterr().err.splitlines()


def test_plain_lines_where_there_is_no_terminal(capsys):
    ok = builders.result(measurements=(SAMPLES,))
    failed = builders.result(status="failed")
    made, lines = told(capsys, ok, failed)
    assert lines[0] == "[1/2] micro/torch-fp32/cpu/scenes: measuring"
    assert lines[1] == "[1/2] ok       micro/torch-fp32/cpu/scenes  p50 12.3 ms  (0 s)"
    assert lines[3].startswith("[2/2] FAILED   micro/torch-fp32/cpu/scenes  The case is failed")
    assert made.stood == 0


def test_too_few_samples_give_no_p50_as_in_the_table(capsys):
    few = TimingMeasurement(launches=(Launch(end_to_end_ns=(9_000_000, 12_300_000)),))
    _, lines = told(capsys, builders.result(measurements=(few,)))
    assert lines[1].endswith("  2 samples; p50 needs 5  (0 s)")


def test_what_stood_is_counted_and_not_told(capsys):
    made, lines = told(capsys, builders.result(), stood=True)
    assert made.stood == 1
    assert lines == ["[1/1] micro/torch-fp32/cpu/scenes: measuring"]


@pytest.fixture
def screen(monkeypatch):
    """What a terminal would show, and a clock to set."""
    out = io.StringIO()
    now = SimpleNamespace(s=0.0)
    monkeypatch.setattr(
        watch, "Console",
        lambda **more: Console(file=out, force_terminal=True, width=200, highlight=False),
    )  # fmt: skip
    monkeypatch.setattr(watch, "time", SimpleNamespace(monotonic=lambda: now.s))
    return out, now


def test_a_terminal_shows_how_far_and_how_long_still(screen):
    out, now = screen
    ok = builders.result(measurements=(SAMPLES,))
    with Watch(3) as made:
        made.left({"case": 3}, "case")
        made.step(ok.case, "measuring")
        assert "about" not in out.getvalue()
        now.s = 30.0
        made.finished(ok, stood=False)
        made.left({"case": 2})
        made.left({"case": 2}, "case")
        made.step(ok.case, "measuring")
        made.progress("accuracy", 3, 50)
        now.s = 40.0
        made.progress("timing", 0, 1)
    text = out.getvalue()
    assert "[2/3]  micro/torch-fp32/cpu/scenes: measuring  accuracy 3/50  0:30" in text
    assert "about 1:00 left" in text
    assert "0:40  about 0:50 left" in text


def test_each_kind_of_step_has_its_own_pace(screen):
    out, now = screen
    protocol = builders.protocol(launches=3)
    process = Process(
        startup_s=1, import_s=1, load_s=1, accuracy_s=50, timing_s=5, other_s=2, wall_s=60
    )
    ok = builders.result(
        case=builders.case(protocol=protocol), measurements=(SAMPLES,), process=process
    )
    with Watch(1) as made:
        made.left({"case": 1, "timing": 2, "ceiling": 1}, "case")
        now.s = 60.0
        made.finished(ok, stood=False)
        made.left({"timing": 2, "ceiling": 1})
        made.left({"timing": 2, "ceiling": 1}, "timing")
        now.s = 66.0
        made.left({"timing": 1, "ceiling": 1}, "timing")
        made.step(ok.case, "launch 3 of 3")
    text = out.getvalue()
    assert "[3/4]" in text
    # One more launch at the pace of the two so far (8 s without accuracy, 6 s), and a guess of 10 s.
    assert "about 0:17 left" in text


def test_the_display_is_drawn_only_when_a_worker_speaks(screen):
    """A display that refreshed itself would take a core from the model that is measured."""
    with Watch(1) as made:
        assert made._live.auto_refresh is False


def test_rows_that_stood_do_not_shorten_the_estimate(screen):
    out, now = screen
    ok = builders.result(measurements=(SAMPLES,))
    with Watch(4) as made:
        for still in (3, 2):
            made.finished(ok, stood=True)
            made.left({"case": still})
        made.left({"case": 2}, "case")
        now.s = 20.0
        made.finished(ok, stood=False)
        made.left({"case": 1})
        made.step(ok.case, "measuring")
    assert "[2/2]" in out.getvalue()
    assert "about 0:20 left" in out.getvalue()


def test_the_last_launch_brings_the_row_again(capsys):
    launches = tuple(Launch(end_to_end_ns=(ns,) * 2) for ns in (12_000_000, 12_600_000, 14_000_000))
    with Watch(1) as made:
        made.updated(builders.result(measurements=(TimingMeasurement(launches=launches),)))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("p50 12.8 ms  (3 launches: 12.0 to 14.0 ms)")


def test_the_plan_says_what_would_be_skipped(capsys):
    here = builders.case(target=builders.target(threads=1))
    gone = builders.case(target=builders.target("big", threads=65_000))
    watch.print_plan([here, gone], "local")
    said = capsys.readouterr()
    first, second = said.out.splitlines()
    assert first == here.id
    assert second.startswith(f"{gone.id}  skipped: target 'big' requires 65000 cores")
    assert not said.err


def test_the_plan_of_a_cluster_says_for_which_machine_it_answers(capsys):
    watch.print_plan([builders.case()], "ray")
    assert capsys.readouterr().err == (
        "What follows holds for this machine: --list asks no node of the executor 'ray'.\n"
    )


def test_the_exit_code_follows_from_the_rows(tmp_path, capsys):
    rows = (
        builders.Planned(),
        builders.Planned("torch-bf16", flip=0.6, status="wrong"),
        builders.Planned("onnx-onnxruntime-fp32", status="skipped", reason="Not here."),
    )
    run = builders.build_run(tmp_path, rows)
    ok, wrong, skipped = run.results
    failed = builders.result(status="failed")
    assert watch.finish(tmp_path, run.results, stood=0) == 0
    assert "card: " in capsys.readouterr().out
    assert watch.finish(tmp_path, [ok, failed], stood=1) == 3
    assert "1 of 2 cases failed" in capsys.readouterr().err
    assert watch.finish(tmp_path, [skipped], stood=0) == 4
    assert watch.finish(tmp_path, [ok, wrong], stood=2) == 0
    assert "--fresh" in capsys.readouterr().err
