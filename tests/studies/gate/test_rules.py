import math

import numpy as np
import pytest

from tests.studies.gate import rules


def sides(ratio: float, processes: int, spread=0.01, seed=0):
    rng = np.random.default_rng(seed)
    made = [40e6 * np.exp(spread * rng.normal(size=30)) for _ in range(2 * processes)]
    return made[:processes], [ratio * s for s in made[processes:]]


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda r: r.name)
def test_nothing_is_called_without_a_change_and_everything_at_three_times(rule):
    assert not rule.slower(*sides(1.0, rule.processes))
    assert rule.slower(*sides(3.0, rule.processes))


@pytest.mark.parametrize(
    ("name", "below", "beyond"),
    [
        ("pytest-benchmark mean:5%", 1.04, 1.06),
        ("pytest-benchmark mean:10%", 1.09, 1.11),
        ("TorchBench 7 %", 1.06, 1.08),
        ("github-action-benchmark 200 %", 1.95, 2.05),
        ("asv compare", 1.09, 1.12),
    ],
)
def test_a_rules_limit_lies_where_its_tool_has_it(name, below, beyond):
    (rule,) = [r for r in rules.RULES if r.name == name]
    for ratio, called in ((below, False), (beyond, True)):
        assert rule.slower(*sides(ratio, rule.processes, spread=1e-4)) is called


def test_asv_needs_both_significance_and_the_factor():
    few = sides(1.5, 1)
    assert rules.asv([few[0][0][:10]], [few[1][0][:10]])
    noisy = sides(1.15, 5, spread=1.0)
    assert not rules.asv(*noisy)


def test_pyperf_is_students_test():
    from scipy import stats

    old, new = sides(1.01, 5)
    a, b = ([part.mean() for s in side for part in np.array_split(s, 3)] for side in (old, new))
    t, p = stats.ttest_ind(b, a)
    assert rules.pyperf(old, new) is bool(t > 0 and p <= 0.05)
    assert not rules.pyperf(new, old)
    assert math.isfinite(t)
