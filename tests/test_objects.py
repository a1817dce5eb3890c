from __future__ import annotations

import sys

import numpy as np
import pytest

from bench.errors import Unsupported
from bench.objects import encoded, objects
from bench.segments import VOID


def _mask(rows: int) -> np.ndarray:
    return np.arange(6)[:, None].repeat(4, 1) < rows


def test_masks_survive_their_run_lengths() -> None:
    found = objects((6, 4), [encoded(_mask(2)), encoded(_mask(0)), encoded(_mask(6))], [3, 1, 2])
    assert np.array_equal(found.mask(0), _mask(2))
    assert found.areas.tolist() == [8, 0, 24]
    assert found.scores.tolist() == [1, 1, 1]
    assert not found.crowd.any()
    some = found.at(np.array([2, 0]))
    assert (some.classes.tolist(), some.areas.tolist(), len(some)) == ([2, 3], [24, 8], 2)
    assert found.at(found.areas > 0).classes.tolist() == [3, 2]


def test_no_object_is_no_mask() -> None:
    none = objects((6, 4), [], [])
    assert len(none) == 0
    assert (none.labels() == VOID).all()


def test_surer_objects_lie_on_top_and_of_equal_ones_the_smaller() -> None:
    masks = [encoded(_mask(rows)) for rows in (6, 4, 2)]
    assert objects((6, 4), masks, [0, 1, 2]).labels()[:, 0].tolist() == [2, 2, 1, 1, 0, 0]
    scored = objects((6, 4), masks, [0, 1, 2], scores=[0.4, 0.9, 0.8])
    assert scored.labels()[:, 0].tolist() == [1, 1, 1, 1, 0, 0]
    assert scored.labels(0.5)[:, 0].tolist() == [1, 1, 1, 1, VOID, VOID]


def test_without_pycocotools_the_hint_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(Unsupported, match=r"need pycocotools, .*segbench\[coco\]"):
        encoded(_mask(1))
