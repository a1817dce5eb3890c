from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.plan.halving import kept_of
from bench.record.result import Failure
from bench.record.store import read_run
from bench.suite.halving import Halving
from tests import small
from tests.plan.scripted import Script, launch

MS = 1_000_000
RULE = Halving(rounds=2, keep=0.5, least=1, margin=0.1, iterations=3, limit_s=1)
SPEED = {"a": 10, "b": 20, "c": 21, "d": 40, "e": 80}
"""Variant -> ms of its calls."""
VARIANTS = [
    small.ORT.model_copy(update={"recipe": r, "name": f"{small.ORT.name}-{r}"}) for r in SPEED
]


@given(
    st.dictionaries(st.integers(0, 50), st.floats(1, 1e6), min_size=1),
    st.floats(0.01, 0.99), st.integers(1, 5), st.floats(0, 1),
)  # fmt: skip
def test_nobody_faster_than_a_kept_one_is_left_out(times, keep, least, margin):
    kept = kept_of(times, Halving(keep=keep, least=least, margin=margin))
    assert len(kept) >= min(least, len(times))
    assert len(kept) >= keep * len(times)
    slowest = max(times[i] for i in kept)
    assert all(t >= slowest for i, t in times.items() if i not in kept)


def test_what_is_hardly_slower_goes_on():
    times = dict(enumerate([10.0, 20.0, 21.9, 22.1, 90.0]))
    assert kept_of(times, Halving(keep=0.4, least=1, margin=0.1)) == {0, 1, 2}


@pytest.fixture
def script(monkeypatch):
    def timed(job):
        ms = SPEED[job.case.variant.recipe]
        return launch(*[ms * MS] * job.case.protocol.iterations)

    return Script(monkeypatch, timing=timed)


@pytest.fixture
def asked(tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    return small.suite(small.block(of, data, small.ORT, *VARIANTS), halving=RULE)


def by_recipe(found):
    return {r.case.variant.recipe: r for r in found.values()}


def test_time_goes_to_those_that_may_win(asked, script, tmp_path, cache):
    found = by_recipe(small.run(asked, tmp_path / "run", cache))
    # Round 1 keeps 3 of 5; round 2 keeps 2 of 3, and c, which is 5 % slower than b.
    jobs = [(j.case.variant.recipe, j.case.protocol.iterations) for j in script.ran("timing")]
    assert jobs == [*((r, 3) for r in "abcde"), *((r, 6) for r in "abc")]
    assert {r: x.status for r, x in found.items()} == {
        "": "ok", "a": "ok", "b": "ok", "c": "ok", "d": "skipped", "e": "skipped",
    }  # fmt: skip
    out = found["e"]
    assert out.reason == (
        "timed in round 1 of successive halving alone, 80 ms, "
        "8 times onnx-onnxruntime-fp32-a; 3 of 5 went on"
    )
    # Raw samples stay, under the fingerprint of what was timed; the case is the one that was asked.
    assert out.get("timing").launches[0].end_to_end_ns == (80 * MS,) * 3
    assert out.timing_fingerprint != found["a"].timing_fingerprint
    assert out.case.protocol.iterations == asked.blocks[0].protocol.iterations
    assert {r.case.id: r for r in read_run(tmp_path / "run").results} == {
        r.case.id: r for r in found.values()
    }


def test_a_complete_run_stands(asked, script, tmp_path, cache):
    first = small.run(asked, tmp_path / "run", cache)
    before = len(script.jobs)
    watch = small.Quiet()
    assert small.run(asked, tmp_path / "run", cache, watch) == first
    assert len(script.jobs) == before
    assert all(stood for *_, stood in watch.done)
    small.run(asked, tmp_path / "run", cache, fresh=True)
    assert len(script.jobs) == 2 * before


def test_without_halving_everything_is_measured(asked, script, tmp_path, cache):
    small.run(asked, tmp_path / "run", cache)
    block = asked.blocks[0].model_copy(update={"variants": (small.ORT, *VARIANTS[-2:])})
    plain = asked.model_copy(update={"halving": None, "blocks": (block,)})
    found = small.run(plain, tmp_path / "run", cache)
    assert Counter(r.status for r in found.values()) == {"ok": 3}


def test_one_that_cannot_be_timed_is_left_to_its_row(asked, monkeypatch, tmp_path, cache):
    def timed(job):
        if job.case.variant.recipe == "a":
            return Failure(step="timing", type="SIGSEGV", message="It died.")
        return launch(SPEED[job.case.variant.recipe] * MS)

    Script(monkeypatch, timing=timed)
    found = by_recipe(small.run(asked, tmp_path / "run", cache))
    assert {r: x.status for r, x in found.items() if x.status == "ok"} == dict.fromkeys(
        ["", "a", "b", "c"], "ok"
    )


def test_few_variants_need_no_rounds(asked, script, tmp_path, cache):
    block = asked.blocks[0].model_copy(update={"variants": (small.ORT, *VARIANTS[-2:])})
    rule = RULE.model_copy(update={"least": 2})
    few = asked.model_copy(update={"halving": rule, "blocks": (block,)})
    found = small.run(few, tmp_path / "run", cache)
    assert Counter(r.status for r in found.values()) == {"ok": 3}
    assert not script.jobs
