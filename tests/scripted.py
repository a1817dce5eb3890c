"""A clock that a test turns, and sessions and loads that live by it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from bench.devices.cpu import CpuDevice
from bench.measure.scenarios.base import Loop
from bench.measure.session import LoadedCase
from bench.measure.stopping import Rule
from tests import small

TIMES = (1, 20, 300, 4000, 50_000, 600_000)
"""Nanoseconds of the phases of `bench`; they add up to 654321."""
MS = 1_000_000


class Clock:
    """Monotonic nanoseconds that pass only when a test says so."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now

    def take(self, ns, value=None):
        self.now += ns
        return value


def protocol(**more):
    return small.QUICK.model_copy(update=more)


def loaded(clock, count=3, **more):
    """Session whose phases take TIMES a batch or image; the images and shapes that it saw."""
    used, shapes = [], []
    case = small.suite(
        small.block(small.model("x.onnx"), small.folder("."), protocol=protocol(**more))
    ).expand()[0]

    def load(index):
        used.append(index)
        return clock.take(TIMES[0], np.zeros((4, 4, 3), np.uint8))

    def forward(x):
        shapes.append(x.shape)
        return clock.take(TIMES[3], x)

    session = SimpleNamespace(
        copy_in=lambda x: clock.take(TIMES[2], x),
        forward=forward,
        copy_out=lambda raw: clock.take(TIMES[4], {"logits": raw}),
        effective={"provider": "scripted"},
        close=lambda: None,
    )
    made = LoadedCase(
        case=case, size=(4, 4), session=session, device=CpuDevice(), task=None, count=count,
        to_dataset=np.arange(256, dtype=np.uint8),
        images=SimpleNamespace(names=tuple("abcdefghij"[:count]), image=load),
        preprocess=lambda image, pixels, size: clock.take(
            TIMES[1], np.zeros((1, 3, *size), np.float32)),
        postprocess=lambda out, size, shape: clock.take(TIMES[5], out["logits"].shape),
    )  # fmt: skip
    return made, used, shapes


def loop(clock, took_ms, **more):
    """Loop whose n-th call takes `took_ms(n)`; protocol fields as in `protocol`."""
    calls = []

    def call(position):
        start = clock()
        calls.append(position)
        clock.take(round(took_ms(len(calls) - 1) * MS))
        return start, clock(), 0, 0, 0, clock() - start, 0, 0

    return Loop(call, Rule.of(protocol(**more)), clock), calls


class Load:
    """Arrivals of a schedule, on a scripted clock: waiting for one moves the clock to it."""

    def __init__(self, due_ns, clock):
        self._due, self._clock, self._next, self._end = due_ns, clock, 0, None
        self.origin_ns = clock()
        self.sent_ns = []

    def __enter__(self):
        return self

    def __exit__(self, *how):
        if self._end is None:
            self.close()
        # Whatever was due before the end was sent, taken or not.
        while self._there(self._next):
            self._send()

    def waiting(self):
        return self._there(self._next) and self._is_due(self._next)

    def take(self, *, newest, until_ns=None):
        if not self._there(self._next):
            return None
        if until_ns is not None and self.origin_ns + self._due[self._next] > until_ns:
            self._clock.now = max(self._clock.now, until_ns)
            return None
        self._clock.now = max(self._clock.now, self.origin_ns + self._due[self._next])
        self._send()
        while newest and self._there(self._next) and self._is_due(self._next):
            self._send()
        return self._next - 1

    def close(self):
        self._end = self._clock() - self.origin_ns

    def _send(self):
        self.sent_ns.append(self._due[self._next])
        self._next += 1

    def _there(self, number):
        there = number < len(self._due)
        return there and (self._end is None or self._due[number] <= self._end)

    def _is_due(self, number):
        return self.origin_ns + self._due[number] <= self._clock()
