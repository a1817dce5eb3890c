from __future__ import annotations

import pytest

from bench.datasets.checks import known_options, safe_name, whole
from bench.errors import DatasetError
from bench.suite.dataset import Dataset


def test_unknown_option_gets_the_nearest_word() -> None:
    spec = Dataset(name="s", loader="scenes", options={"heigth": 128})
    with pytest.raises(DatasetError, match="'heigth'") as caught:
        known_options(spec, ("height", "width"))
    assert "Did you mean 'height'" in caught.value.hint


def test_loader_without_options_says_so() -> None:
    spec = Dataset(name="s", loader="folder", options={"x": 1})
    with pytest.raises(DatasetError) as caught:
        known_options(spec, ())
    assert "no options" in caught.value.hint


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "a/b", "", ".hidden", "a\\b", 3, "a\n"])
def test_names_that_could_leave_their_folder_are_refused(name: object) -> None:
    with pytest.raises(DatasetError):
        safe_name(name, "split")


def test_plain_names_pass() -> None:
    assert safe_name("val_2.b-x", "split") == "val_2.b-x"


@pytest.mark.parametrize("value", [0, 11, 2.0, True, "3", None])
def test_whole_refuses(value: object) -> None:
    with pytest.raises(DatasetError, match="'count'"):
        whole(value, "count", 1, 10)


def test_whole_passes() -> None:
    assert whole(10, "count", 1, 10) == 10
