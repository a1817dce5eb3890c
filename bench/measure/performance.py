"""Latency of the loaded session in one process: warm up, let the scenario run, keep every sample."""

import time

from bench import registry
from bench.jobs.base import Say
from bench.measure import energy, readings
from bench.measure.call import Call, Clock, timed
from bench.measure.readings import Poller
from bench.measure.scenarios.base import Loop
from bench.measure.session import LoadedCase
from bench.measure.stopping import Rule, width
from bench.record.base import now
from bench.record.timing import PHASES, Launch, PollerEffect, TimingMeasurement

EFFECT_LIMIT_S = 10.0
"""Longest that the poller's own effect is measured."""


def measure(
    loaded: LoadedCase, say: Say, *, poller: bool = False, clock: Clock = time.perf_counter_ns
) -> TimingMeasurement:
    """Timing with one launch; with `poller`, also what the readings beside the samples cost."""
    protocol = loaded.case.protocol
    found = launch(loaded, say, clock)
    effect = None
    if poller:
        instrument = readings.poller(loaded.device, clock)
        limit = min(EFFECT_LIMIT_S, protocol.timing_limit_s or EFFECT_LIMIT_S)
        effect = poller_effect(timed(loaded, clock), instrument, protocol.iterations, clock, limit)
    return TimingMeasurement(
        scenario=protocol.scenario,
        batch_size=protocol.batch_size,
        launches=(found,),
        poller=effect,
    )


def launch(
    loaded: LoadedCase,
    say: Say,
    clock: Clock = time.perf_counter_ns,
    instrument: Poller | None = None,
) -> Launch:
    """One process's samples, with what the machine did beside each."""
    protocol = loaded.case.protocol
    scenario = registry.load("scenario", protocol.scenario)
    number = loaded.job.launch if loaded.job else 0
    started = now()
    kernels: list[int] = []
    call = timed(loaded, clock, kernels)
    rule = Rule.of(protocol)
    poller = instrument or readings.poller(loaded.device, clock)
    meter = energy.meter(loaded.device)
    # Nothing is said while the clock runs: even a line a second would wake the parent.
    say("timing", 0, protocol.iterations)
    warm = _warm_up(call, protocol.warmup, rule, clock)
    kernels.clear()
    before = readings.totals()
    meter.start()
    poller.read(everything=True)
    loop = Loop(call, rule, clock, poller, number)
    stream = scenario(loop, protocol)
    poller.read(everything=True)
    joules, totals = meter.stop(), readings.since(before)
    judged = loop.whole_ns
    if stream is not None:  # the width is that of what the rule judged
        pairs = zip(stream.due_ns, stream.done_ns, strict=True)
        judged = [done - due for due, done in pairs if done is not None]
    starts, ends, *phases = zip(*loop.rows, strict=True)
    return Launch(
        number=number,
        warmup_ns=tuple(warm),
        phases_ns=dict(zip(PHASES, phases, strict=True)),
        kernels_ns=tuple(kernels),
        end_to_end_ns=tuple(loop.whole_ns),
        started_ns=tuple(s - starts[0] for s in starts),
        stopped=rule.stopped or "iterations",
        width=width(judged),
        readings=poller.beside(starts, ends),
        absent=poller.absent,
        totals=totals,
        energy_j=joules,
        stream=stream,
        started=started,
    )


def _warm_up(call: Call, count: int, rule: Rule, clock: Clock) -> list[int]:
    """End-to-end times of the first calls; they take no more than half of a given limit."""
    began, warm = clock(), []
    for i in range(count):
        start, end, *_ = call(i)
        warm.append(end - start)
        if rule.hard and clock() - began > rule.limit_ns / 2:
            break
    return warm


def poller_effect(
    call: Call, poller: Poller, count: int, clock: Clock, limit_s: float = EFFECT_LIMIT_S
) -> PollerEffect:
    """`count` calls right after readings, and as many without: on, off, off, on, so that drift hits both alike."""
    on: list[int] = []
    off: list[int] = []
    took: list[int] = []
    began = clock()
    for i in range(count):
        for reading in (True, False) if i % 2 == 0 else (False, True):
            if reading:
                start = clock()
                poller.read()
                took.append(clock() - start)
            start, end, *_ = call(i)  # the same image in both turns
            (on if reading else off).append(end - start)
        if clock() - began > limit_s * 1e9:
            break
    return PollerEffect(on_ns=tuple(on), off_ns=tuple(off), read_ns=tuple(took))
