"""Three launches of two cases, really: a kill loses at most one, and the next run goes on."""

import os
import signal
import subprocess
import sys
import time

import pytest

from bench.record.store import read_run
from bench.suite.load import load_suite
from tests import small

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def path(tmp_path):
    written = small.write_suite(tmp_path, 2)
    text = written.read_text()
    written.write_text(text.replace("[protocol]", "[protocol]\nlaunches = 3"))
    return written


def launches(out):
    """Axis -> launches on disk."""
    if not (out / "run.json").is_file():
        return {}
    return {r.case.axis: r.get("timing").launches for r in read_run(out).results}


def test_launches_take_turns_and_go_on_after_a_kill(path, tmp_path, cache):
    out = tmp_path / "run"
    words = [sys.executable, "-m", "bench", "run", str(path), "--out", str(out)]
    environment = {**os.environ, "SEGBENCH_CACHE": str(cache)}
    with subprocess.Popen(
        words, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as parent:
        deadline = time.monotonic() + 300
        while len(launches(out)) < 2 and time.monotonic() < deadline and parent.poll() is None:
            time.sleep(0.02)
        parent.send_signal(signal.SIGKILL)
    before = launches(out)
    assert set(before) == {"a0", "a1"}
    # Between the look and the signal a further launch may have come.
    assert all(1 <= len(found) < 3 for found in before.values())

    watch = small.Quiet()
    found = small.run(load_suite(str(path)), out, cache, watch)
    after = launches(out)
    assert [r.notes for r in found.values()] == [(), ()]
    for axis, old in before.items():
        assert len(after[axis]) == 3
        assert after[axis][: len(old)] == old
    assert {r.case.axis: r.get("timing").launches for r in found.values()} == after
    ran = [(name.rpartition("/")[2], what) for name, what in watch.steps if "launch" in what]
    # Three passes over two cases: a0 a1, a1 a0, a0 a1; only those that were missing.
    order = [("a1", 1), ("a0", 1), ("a0", 2), ("a1", 2)]
    assert ran == [(axis, f"launch {at + 1} of 3") for axis, at in order if at >= len(before[axis])]
    assert not any(what == "measuring" for _, what in watch.steps)
    assert sorted(watch.repeated) == [(name, 3) for name in sorted(found)]
    assert not (out / "superseded").exists()

    watch = small.Quiet()
    small.run(load_suite(str(path)), out, cache, watch)
    assert [stood for *_, stood in watch.done] == [True, True]
    assert launches(out) == after
