import numpy as np
import pytest

from bench.measure import energy, performance
from bench.measure.readings import Poller, Source
from bench.measure.stopping import width
from bench.record.base import Absent
from bench.record.timing import PHASES, READINGS
from tests.scripted import TIMES, Clock, loaded

WHOLE = sum(TIMES)


def quiet(*words):
    """Say nothing."""


def test_a_launch_holds_every_sample():
    clock, said = Clock(), []
    made, used, _ = loaded(clock, warmup=2, iterations=4)
    found = performance.measure(made, lambda *words: said.append(words), clock=clock)
    (launch,) = found.launches
    assert (found.scenario, found.batch_size, found.poller) == ("single_stream", 1, None)
    assert launch.warmup_ns == (WHOLE,) * 2
    assert launch.end_to_end_ns == (WHOLE,) * 4
    assert launch.started_ns == tuple(i * WHOLE for i in range(4))
    assert launch.phases_ns == {p: (t,) * 4 for p, t in zip(PHASES, TIMES, strict=True)}
    assert (launch.stopped, launch.width, launch.stream) == ("iterations", None, None)
    assert launch.started.endswith("Z")
    assert used == [0, 1, 0, 1, 2, 0]
    # Not a word while the clock runs.
    assert said == [("timing", 0, 4)]


def test_the_phases_add_up_to_the_whole():
    clock = Clock()
    made, _, _ = loaded(clock, iterations=5, batch_size=2)
    (launch,) = performance.measure(made, quiet, clock=clock).launches
    total = np.sum([launch.phases_ns[p] for p in PHASES], axis=0)
    assert (total == launch.end_to_end_ns).all()


def test_every_reading_has_one_entry_a_sample():
    clock = Clock()
    made, _, _ = loaded(clock, iterations=4)
    launch = performance.launch(made, quiet, clock)
    assert {*launch.readings, *launch.absent} == set(READINGS)
    assert all(len(v) == 4 for v in launch.readings.values())
    assert launch.totals["wall_s"] > 0


def test_readings_and_energy_cover_the_timed_region_alone(monkeypatch):
    clock, order = Clock(), []

    class Meter:
        def start(self):
            order.append("start")

        def stop(self):
            order.append("stop")
            return {"package": 3.5, "gpu": Absent(reason="none")}

    made, used, _ = loaded(clock, warmup=2, iterations=2)
    monkeypatch.setattr(energy, "meter", lambda device: Meter())
    busy = Source(("foreign_cpu",), lambda: (order.append(len(used)) or 0.0,), counter=True)
    launch = performance.launch(made, quiet, clock, Poller([busy], {"steal": "why"}, clock))
    # Two warm-up calls are over; then a read before each call and one after the last.
    assert order == ["start", 2, 2, 3, 4, "stop"]
    assert launch.energy_j == {"package": 3.5, "gpu": Absent(reason="none")}
    assert launch.absent == {"steal": "why"}
    assert launch.readings == {"foreign_cpu": (0.0, 0.0)}


def test_a_limit_keeps_at_least_one_sample():
    clock = Clock()
    made, _, _ = loaded(clock, warmup=10, iterations=100, timing_limit_s=1e-9)
    launch = performance.launch(made, quiet, clock)
    assert (len(launch.warmup_ns), len(launch.end_to_end_ns)) == (1, 1)
    assert launch.stopped == "time limit"


def test_it_stops_when_the_median_is_precise():
    clock = Clock()
    made, _, _ = loaded(clock, iterations=6, median_width=0.02)
    launch = performance.launch(made, quiet, clock)
    assert (launch.stopped, launch.width, len(launch.end_to_end_ns)) == ("precise", 0.0, 6)


@pytest.mark.parametrize("scenario", ["server", "constant_stream"])
def test_a_load_at_its_own_pace_on_the_real_clock(scenario):
    import time

    made, _, _ = loaded(Clock(), scenario=scenario, rate=200.0, iterations=40)
    launch = performance.launch(made, quiet, time.perf_counter_ns)
    stream = launch.stream
    assert stream.rate_hz == 200.0
    assert len(stream.due_ns) == len(stream.sent_ns) == len(stream.done_ns) >= 40
    done = [d for d in stream.done_ns if d is not None]
    assert len(done) == len(launch.end_to_end_ns) >= 40
    waits = [d - due for d, due in zip(stream.done_ns, stream.due_ns, strict=True) if d is not None]
    assert launch.width == width(waits)


def test_the_poller_takes_turns_with_nothing():
    clock, reads = Clock(), []
    made, used, _ = loaded(clock, iterations=4)

    def read():
        reads.append(len(used))
        return (clock.take(70, 0.0),)

    poller = Poller([Source(("foreign_cpu",), read, counter=True)], {}, clock)
    call = performance.timed(made, clock)
    found = performance.poller_effect(call, poller, 4, clock)
    # On, off, off, on ...: the same image in both turns.
    assert used == [0, 0, 1, 1, 2, 2, 0, 0]
    assert reads == [0, 3, 4, 7]
    assert found.on_ns == found.off_ns == (WHOLE,) * 4
    assert found.read_ns == (70,) * 4


def test_the_pollers_effect_is_measured_where_it_is_asked_for():
    clock = Clock()
    made, _, _ = loaded(clock, iterations=3)
    found = performance.measure(made, quiet, poller=True, clock=clock)
    assert len(found.poller.on_ns) == len(found.poller.off_ns) == len(found.poller.read_ns) == 3


def test_the_pollers_effect_has_a_limit():
    clock = Clock()
    made, _, _ = loaded(clock)
    poller = Poller([], {}, clock)
    limit = 2.5 * WHOLE / 1e9
    found = performance.poller_effect(performance.timed(made, clock), poller, 99, clock, limit)
    assert len(found.on_ns) == len(found.off_ns) == 2


def test_a_device_with_a_clock_of_its_own_tells_what_its_kernels_took(monkeypatch):
    clock = Clock()
    made, _, _ = loaded(clock, warmup=2, iterations=3)
    monkeypatch.setattr(made.device, "mark", clock, raising=False)
    monkeypatch.setattr(made.device, "between_ns", lambda first, last: last - first, raising=False)
    found = performance.launch(made, quiet, clock)
    assert found.kernels_ns == found.phases_ns["forward"]
    assert len(found.kernels_ns) == 3
