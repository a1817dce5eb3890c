import json
import os
from types import SimpleNamespace

from bench.measure import progress


def read(monkeypatch, times, words):
    clock = iter(times)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    out, into = os.pipe()
    say = progress.pipe(into)
    for word in words:
        say(*word)
    os.close(into)
    with os.fdopen(out) as f:
        return [tuple(json.loads(line)) for line in f]


def test_four_lines_a_second_and_always_the_first_and_last(monkeypatch):
    words = [("accuracy", i, 10) for i in range(11)]
    found = read(monkeypatch, [100 + i / 10 for i in range(11)], words)
    assert found == [("accuracy", i, 10) for i in (0, 3, 6, 9, 10)]


def test_a_parent_that_is_gone_stops_nothing():
    out, into = os.pipe()
    os.close(out)
    progress.pipe(into)("timing", 0, 1)
    os.close(into)
