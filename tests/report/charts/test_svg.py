from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.report.charts import svg


def test_words_and_attributes_are_escaped():
    assert "<script>" not in svg.text(0, 0, "<script>")
    assert svg.el("a", b_='x"y<', c_d=1.50) == '<a b="x&quot;y&lt;" c-d="1.5"/>'


@given(st.floats(0, 1e4), st.floats(1e-3, 1e4))
def test_linear_ticks_lie_within(low, span):
    ticks = svg.linear_ticks(low, low + span)
    slack = 1e-6 * (low + span)
    assert all(low - slack <= t <= low + span + slack for t in ticks)
    assert len(ticks) <= 8


@given(st.floats(0.01, 1e4), st.floats(1.2, 1e4))
def test_log_ticks_lie_within(low, factor):
    ticks = svg.log_ticks(low, low * factor)
    assert ticks
    assert all(low * 0.999 <= t <= low * factor * 1.001 for t in ticks)


def test_round_ticks():
    assert svg.linear_ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert svg.log_ticks(8, 120) == [10, 20, 50, 100]
