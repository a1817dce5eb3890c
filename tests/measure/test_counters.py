import os

import pytest

from bench.measure import counters
from bench.record.base import Absent

TICK_NS = 1e9 / os.sysconf("SC_CLK_TCK")
STAT = "cpu  100 20 30 4000 5 6 7 8 9 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
BUSY_NS = (100 + 20 + 30 + 6 + 7) * TICK_NS


@pytest.fixture
def tree(tmp_path):
    """A machine's proc and sys: path -> text."""

    def plant(**files):
        for name, text in {"proc/stat": STAT, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return plant


@pytest.fixture
def own(monkeypatch):
    monkeypatch.setattr(counters.time, "process_time_ns", lambda: 1000)


def test_foreign_time_is_the_machines_less_ours(tree, own):
    assert counters.foreign(tree())() == BUSY_NS - 1000


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("sys/fs/cgroup/cpuacct/cpuacct.usage", "{ns}\n"),
        ("sys/fs/cgroup/cpu,cpuacct/cpuacct.usage", "{ns}\n"),
        ("sys/fs/cgroup/cpu.stat", "usage_usec {us}\nuser_usec 3\n"),
    ],
)
def test_the_root_group_counts_finer_than_ticks(tree, own, file, text):
    ns = int(BUSY_NS) + 123_000
    root = tree(**{file: text.format(ns=ns, us=ns // 1000)})
    assert counters.foreign(root)() == ns - 1000


def test_a_containers_group_is_not_the_machine(tree, own):
    root = tree(**{"sys/fs/cgroup/cpu.stat": "usage_usec 17\n"})
    assert counters.foreign(root)() == BUSY_NS - 1000


def test_our_own_time_is_asked_for_first(tree, monkeypatch):
    """Asking charges the running thread's last milliseconds to our process and its group alike."""
    order = []
    real = os.pread
    monkeypatch.setattr(counters.os, "pread", lambda *of: order.append("all") or real(*of))
    monkeypatch.setattr(counters.time, "process_time_ns", lambda: order.append("own") or 0)
    read = counters.foreign(tree())
    order.clear()
    read()
    assert order == ["own", "all"]


def test_steal_and_pressure_are_nanoseconds(tree):
    text = "some avg10=1.00 avg60=0.50 avg300=0.10 total=4321\nfull avg10=0.00 total=99\n"
    root = tree(**{"proc/pressure/cpu": text})
    assert counters.steal(root)() == 8 * TICK_NS
    assert counters.pressure(root)() == 4_321_000


def test_a_counter_is_read_anew(tree):
    root = tree()
    read = counters.steal(root)
    before = read()
    (root / "proc/stat").write_text(STAT.replace(" 8 9", " 9 9"))
    assert read() - before == TICK_NS


def test_the_fastest_core(tree, monkeypatch):
    monkeypatch.setattr(counters.os, "sched_getaffinity", lambda pid: {0, 3})
    file = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_cur_freq"
    root = tree(**{file.format(0): "1800000\n", file.format(3): "3400000\n"})
    assert counters.clock_mhz(root)() == 3400.0


def test_cpuinfo_tells_a_clock_only_where_the_kernel_measures_it(tree, monkeypatch):
    first = "processor\t: 0\ncpu MHz\t\t: 2100.5\nflags\t\t: fpu aperfmperf\n\n"
    info = first + "processor\t: 9999\ncpu MHz\t\t: 3300.25\n"
    monkeypatch.setattr(counters.os, "sched_getaffinity", lambda pid: {0, 1})
    # The kernel gives a page at a time.
    pread = os.pread
    monkeypatch.setattr(counters.os, "pread", lambda f, n, at: pread(f, min(n, 7), at))
    root = tree(**{"proc/cpuinfo": info})
    assert counters.clock_mhz(root)() == 2100.5
    monkeypatch.setattr(counters.os, "sched_getaffinity", lambda pid: {0, 9999})
    assert counters.clock_mhz(root)() == 3300.25
    monkeypatch.setattr(counters.os, "sched_getaffinity", lambda pid: {64, 65})
    assert counters.clock_mhz(root)() == 3300.25  # a container numbered its processors anew
    root = tree(**{"proc/cpuinfo": info.replace("aperfmperf", "hypervisor")})
    assert "virtual machines" in counters.clock_mhz(root).reason


def test_what_isnt_there_has_a_reason(tmp_path):
    for read in (counters.foreign, counters.steal, counters.pressure, counters.clock_mhz):
        found = read(tmp_path)
        assert isinstance(found, Absent)
        assert found.reason


def test_a_kernel_without_psi(tree):
    assert "pressure" in counters.pressure(tree(**{"proc/pressure/cpu": ""})).reason
