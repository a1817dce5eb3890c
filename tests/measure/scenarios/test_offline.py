from bench.measure.scenarios import offline
from tests.scripted import MS, Clock, loop, protocol


def test_each_call_begins_when_the_last_is_done():
    clock = Clock()
    made, calls = loop(clock, lambda n: 2, iterations=3)
    assert offline.run(made, protocol()) is None
    assert calls == [0, 1, 2]
    assert [row[:2] for row in made.rows] == [(0, 2 * MS), (2 * MS, 4 * MS), (4 * MS, 6 * MS)]
