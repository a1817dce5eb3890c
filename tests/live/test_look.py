import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.live import look
from tests.live import scripted


def finish(record, ratios, wanted=4, stop=None):
    """The finished record, and every one that was kept on the way; stops after `stop` pairs."""
    kept = []

    def measure(number):
        if stop is not None and len(kept) == stop:
            raise KeyboardInterrupt
        return scripted.pair(ratios[number], number, noise=0.01)

    done = look.finish(record, wanted, 1.02, measure, kept.append)
    return done, kept


def test_equal_code_is_looked_at_once():
    done, kept = finish(scripted.record(), [1.0] * 9)
    assert (len(done.pairs), done.first, done.confirms) == (4, None, False)
    assert [len(r.pairs) for r in kept] == [1, 2, 3, 4]


def test_a_suspicion_is_looked_at_again_with_fresh_pairs():
    done, _ = finish(scripted.record(), [1.2] * 4 + [1.0] * 4)
    assert (len(done.pairs), done.first, done.confirms) == (8, 4, True)


@given(st.integers(0, 8), st.booleans())
def test_a_killed_gate_goes_on_to_the_same_end(stop, slow):
    ratios = [1.2 if slow else 1.0] * 8
    whole, _ = finish(scripted.record(), ratios)
    kept = [scripted.record()]
    with pytest.raises(KeyboardInterrupt) if stop < len(whole.pairs) else _nothing():
        look.finish(scripted.record(), 4, 1.02, _until(stop, ratios), kept.append)
    done, _ = finish(kept[-1], ratios)
    assert done == whole


def _nothing():
    import contextlib

    return contextlib.nullcontext()


def _until(stop, ratios):
    def measure(number):
        if number == stop:
            raise KeyboardInterrupt
        return scripted.pair(ratios[number], number, noise=0.01)

    return measure


def test_a_whole_record_is_left_alone():
    done, _ = finish(scripted.record(), [1.0] * 4)
    again, kept = finish(done, [])
    assert (again, kept) == (done, [])
