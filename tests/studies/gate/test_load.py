import itertools
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.studies.gate import load


def test_spells_repeat_with_their_seed_and_stay_within_bounds():
    one, same, other = (list(itertools.islice(load.spells(s), 20)) for s in (1, 1, 2))
    assert one == same != other
    assert all(0.2 <= x <= 2 for spell in one for x in spell)


def test_it_loads_about_one_core_and_ends_with_the_block():
    with load.running(1) as pid:
        process = psutil.Process(pid)
        until = time.monotonic() + 20
        while sum(process.cpu_times()[:2]) < 0.3 and time.monotonic() < until:
            time.sleep(0.05)
        assert sum(process.cpu_times()[:2]) >= 0.3
    assert not psutil.pid_exists(pid) or process.status() == psutil.STATUS_ZOMBIE


def test_it_ends_when_its_starter_does():
    script = (sys.executable, "-P", str(Path(load.__file__)), "1")
    with subprocess.Popen(script, stdin=subprocess.PIPE) as started:
        started.stdin.close()
        assert started.wait(30) == 0
