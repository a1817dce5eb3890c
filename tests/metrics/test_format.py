from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics import format as f
from bench.metrics.base import Metric


@pytest.mark.parametrize(
    ("write", "value", "shown"),
    [
        (f.points, 0.623149, "62.31"),
        (f.signed_points, -0.0265, "\N{MINUS SIGN}2.65"),
        (f.signed_points, 0.0012, "+0.12"),
        (f.signed_points, -0.00001, "0.00"),
        (f.percent, 0.99999, "99.99 %"),
        (f.percent, 1.0, "100.00 %"),
        (f.milliseconds, 8.423, "8.42"),
        (f.milliseconds, 84.23, "84.2"),
        (f.milliseconds, 6063.4, "6\N{NARROW NO-BREAK SPACE}063"),
        (f.size, 6_850_000, "6.8 MB"),
        (f.size, 12_345, "12 kB"),
        (f.size, 900, "0.9 kB"),
        (f.size, 3.9e9, "3.90 GB"),
        (f.size, -2_500_000, "\N{MINUS SIGN}2.5 MB"),
        (f.rate, 0.164, "0.16"),
        (f.ratio, 2.14, "2.1 x"),
        (f.decibels, 23.44, "23.4 dB"),
        (f.decibels, math.inf, "identical"),
    ],
)
def test_numbers_are_written_so(write, value, shown):
    assert write(value) == shown


@given(st.floats(0, 1))
def test_points_and_their_value_are_the_same_number(fraction):
    assert float(f.points(fraction)) == f.points_value(fraction)


@given(st.floats(0.001, 9e5))
def test_milliseconds_and_their_value_are_the_same_number(ms):
    shown = f.milliseconds(ms).replace("\N{NARROW NO-BREAK SPACE}", "")
    assert float(shown) == f.milliseconds_value(ms)


def test_an_interval_needs_both_ends():
    assert f.interval(Metric(0.5, 0.4, 0.6), f.points) == "40.00 to 60.00"
    assert not f.interval(Metric(0.5, None, 0.6), f.points)
    assert not f.interval(Metric(0.5, math.nan, 0.6), f.points)


def test_lists_and_plurals():
    assert f.listing([]) == ""
    assert f.listing(["a"]) == "a"
    assert f.listing(["a", "b", "c"]) == "a, b and c"
    assert f.plural(1, "image") == "1 image"
    assert f.plural(2, "class", "classes") == "2 classes"


def test_only_finite_numbers_are_numbers():
    assert f.finite(None) is None
    assert f.finite(math.nan) is None
    assert f.finite(math.inf) is None
    assert f.finite(1) == 1.0
