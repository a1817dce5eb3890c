import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.exporters.gather import sample


@settings(max_examples=40)
@given(
    st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 5),
    st.sampled_from(["bilinear", "nearest"]), st.sampled_from(["zeros", "border"]), st.booleans(),
)  # fmt: skip
def test_it_equals_grid_sample(seed, height, width, mode, padding, corners):
    torch.manual_seed(seed)
    image = torch.randn(2, 3, height, width)
    grid = torch.rand(2, 4, 3, 2) * 2.6 - 1.3
    want = torch.nn.functional.grid_sample(image, grid, mode, padding, corners)
    torch.testing.assert_close(
        sample(image, grid, mode, padding, corners), want, rtol=1e-4, atol=1e-5
    )


def test_what_it_does_not_know_is_refused():
    with pytest.raises(ValueError, match="has no rewriting"):
        sample(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 1, 2), padding_mode="reflection")
