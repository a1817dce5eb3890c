from __future__ import annotations

import numpy as np
import pytest

from bench.errors import UnknownName
from bench.tasks import base
from bench.tasks.semantic import SemanticTask
from tests import builders


def test_a_case_names_its_task() -> None:
    assert isinstance(base.task_of(builders.case()), SemanticTask)
    assert base.task_of(builders.case()).headline == "miou"
    with pytest.raises(UnknownName, match="no task called 'semantics'"):
        base.task_of(builders.case(protocol=builders.protocol(task="semantics")))


def test_ratios_are_those_of_the_sums_and_nan_where_nothing_is() -> None:
    of = base.Ratios(("a", "b"), np.array([[1, 0], [2, 0]]), np.array([[4, 0], [4, 0]]))
    np.testing.assert_array_equal(of.pooled(), [3 / 8, np.nan])
    np.testing.assert_array_equal(of.at(np.array([1])).pooled(), [0.5, np.nan])
    assert base.mean(of.pooled()) == 3 / 8
