import pytest

from bench.cli.options import pairs
from bench.errors import BadInput


def test_pairs_by_name():
    assert pairs(None, "--root") == {}
    assert pairs(["a=/x", "b=/y=z"], "--root") == {"a": "/x", "b": "/y=z"}


@pytest.mark.parametrize("text", ["a", "=x", "a=", ""])
def test_what_is_no_pair(text):
    with pytest.raises(BadInput, match=r"--root .*NAME=VALUE"):
        pairs([text], "--root")


def test_a_name_twice():
    with pytest.raises(BadInput, match="names 'a' twice"):
        pairs(["a=1", "a=2"], "--weights")
