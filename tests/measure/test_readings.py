import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.devices.cpu import CpuDevice
from bench.measure import readings
from bench.measure.readings import Poller, Source
from bench.record.base import Absent
from bench.record.timing import READINGS, TOTALS
from tests.scripted import Clock


def counter(kind, read, every_ns=0):
    return Source((kind,), lambda: (read(),), counter=True, every_ns=every_ns)


def test_a_counter_gives_its_mean_over_the_sample():
    clock, busy = Clock(), iter([0.0, 50.0, 50.0, 300.0])
    poller = Poller([counter("foreign_cpu", lambda: next(busy))], {}, clock)
    starts, ends = [], []
    for _ in range(3):
        poller.read()
        starts.append(clock.now)
        ends.append(clock.take(100, clock.now + 100))
    poller.read(everything=True)
    assert poller.beside(starts, ends) == {"foreign_cpu": (0.5, 0.0, 2.5)}


def test_a_slow_counter_gives_the_mean_of_the_time_between_its_reads():
    clock = Clock()
    poller = Poller([counter("steal", lambda: clock.now / 4, every_ns=250)], {}, clock)
    starts, ends = [], []
    for _ in range(6):
        poller.read()
        starts.append(clock.now)
        ends.append(clock.take(100, clock.now + 100))
    poller.read(everything=True)
    assert poller._times == [[0, 300, 600]]
    assert poller.beside(starts, ends) == {"steal": (0.25,) * 6}


def test_a_gauge_repeats_its_last_value():
    clock, values = Clock(), iter([1.0, 2.0, 3.0])
    source = Source(("power_w",), lambda: (next(values),), counter=False, every_ns=250)
    poller = Poller([source], {}, clock)
    starts, ends = [], []
    for _ in range(5):
        poller.read()
        starts.append(clock.now)
        ends.append(clock.take(100, clock.now + 100))
    poller.read(everything=True)
    # It was read at 0 and 300 (and at 500, when the last sample ended).
    assert poller.beside(starts, ends) == {"power_w": (1.0, 1.0, 2.0, 2.0, 3.0)}


def test_a_source_that_stopped_to_answer_leaves_none():
    clock = Clock()
    values = iter([1.0, None, None])
    poller = Poller([Source(("power_w",), lambda: (next(values),), counter=False)], {}, clock)
    poller.read()
    clock.take(10)
    poller.read()
    assert poller.beside([0, 10], [5, 15]) == {"power_w": (1.0, None)}
    silent = Poller([counter("steal", lambda: None)], {}, clock)
    silent.read()
    assert silent.beside([10], [15]) == {"steal": (None,)}


@given(
    gaps=st.lists(st.integers(1, 50), min_size=1, max_size=30),
    every=st.integers(0, 100),
    share=st.floats(0, 4),
)
def test_a_constant_share_is_found_whenever_it_is_read(gaps, every, share):
    clock = Clock()
    poller = Poller([counter("foreign_cpu", lambda: share * clock.now, every)], {}, clock)
    starts, ends = [], []
    for gap in gaps:
        poller.read()
        starts.append(clock.now)
        ends.append(clock.take(gap, clock.now + gap))
    poller.read(everything=True)
    found = poller.beside(starts, ends)["foreign_cpu"]
    assert found == pytest.approx([share] * len(gaps), abs=1e-4)


def test_every_kind_is_read_or_absent_with_a_reason():
    poller = readings.poller(CpuDevice(), time.perf_counter_ns)
    start = time.perf_counter_ns()
    poller.read(everything=True)
    end = time.perf_counter_ns()
    poller.read(everything=True)
    found = poller.beside([start], [end])
    assert {*found, *poller.absent} == set(READINGS)
    assert not set(found) & set(poller.absent)
    assert all(poller.absent.values())
    assert poller.absent["power_w"] == "the target runs on the processor"


def test_a_machine_that_tells_nothing(tmp_path):
    poller = readings.poller(CpuDevice(), Clock(), tmp_path)
    poller.read(everything=True)
    assert set(poller.absent) == set(READINGS)
    assert poller.beside([0], [1]) == {}


def test_a_gpu_is_read_through_its_device():
    told = {"sm_clock_mhz": 1980.0, "power_w": 300.0, "throttle": Absent(reason="NVML: no")}
    device = SimpleNamespace(name="cuda", readings=lambda: told)
    clock = Clock()
    poller = readings.poller(device, clock, Path("/nowhere"))
    poller.read()
    told = {**told, "power_w": Absent(reason="NVML: lost")}
    clock.take(readings.GPU_NS)
    poller.read()
    found = poller.beside([0, clock.now], [1, clock.now + 1])
    assert found == {"sm_clock_mhz": (1980.0, 1980.0), "power_w": (300.0, None)}
    assert poller.absent["throttle"] == "NVML: no"
    assert poller.absent["temperature_c"] == "cuda doesn't tell it"


def test_totals_are_this_processes_since_a_moment():
    before = readings.totals()
    sum(range(200_000))
    os.sched_yield()
    spent = readings.since(before)
    assert set(spent) == set(TOTALS)
    assert 0 < spent["cpu_s"] < 5
    assert spent["wall_s"] > 0
    assert min(spent.values()) >= 0
