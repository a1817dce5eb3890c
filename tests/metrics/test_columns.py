import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.metrics.base import Metric
from bench.metrics.columns import ByClass, Columns, Numbers

NUMBER = st.floats(allow_nan=False)
METRIC = st.one_of(
    st.builds(Metric, st.none(), reason=st.text(min_size=1)),
    st.builds(Metric, NUMBER, st.none() | NUMBER, st.none() | NUMBER, note=st.text()),
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "iou/car", "iou/a/b"]), METRIC))


@given(ROWS, ROWS)
def test_numbers_come_back_as_they_were_to_the_last_bit(first, second):
    found = Columns.join([Columns.of(first), Columns.of(second)])
    again = Columns.from_arrays(found.arrays())
    for i, row in enumerate([*first, *second]):
        assert dict(Numbers((again,), i)) == row
        assert len(Numbers((again,), i)) == len(row)


def test_numbers_of_several_kinds_are_one_mapping_and_classes_are_a_row_s_own():
    own = Columns.of([{"miou": Metric(0.5)}, {}])
    each = Columns.of([{"iou/car": Metric(0.4), "iou_difference/car": Metric(0.1)}, {}])
    numbers = Numbers((own, each), 0)
    assert list(numbers) == ["miou", "iou/car", "iou_difference/car"]
    assert numbers.get("none") is None
    by_class = ByClass((each,), 0)
    assert {k: dict(v) for k, v in by_class.items()} == {
        "iou": {"car": Metric(0.4)},
        "iou_difference": {"car": Metric(0.1)},
    }
    assert not ByClass((each,), 1)
    assert ByClass((each,), 1).get("iou", {}) == {}


def test_arrays_that_are_no_columns_are_refused():
    arrays = Columns.of([{"a": Metric(1.0)}]).arrays()
    with pytest.raises(ValueError, match="shapes"):
        Columns.from_arrays({**arrays, "words": np.zeros((2, 2, 1), np.int32)})
    with pytest.raises(ValueError):  # noqa: PT011 - whatever json says
        Columns.from_arrays({**arrays, "said": np.zeros(3, np.uint8)})
