from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import SuiteError
from bench.suite.model import Model
from bench.suite.protocol import Protocol
from bench.suite.read import check_name, dotted, fields_at, parse, read_toml
from bench.suite.variant import Variant


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(SuiteError, match="can't be read: No such file"):
        read_toml(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(SuiteError, match=r"isn't UTF-8 text: .* byte 8"):
        read_toml(path)
    path.write_text("a = 1\na = 2\n")
    with pytest.raises(SuiteError, match=r"isn't TOML: .*line 2"):
        read_toml(path)
    path.write_text("a = 1")
    assert read_toml(path) == {"a": 1}


@given(st.text())
def test_any_text_is_a_table_or_a_suite_error(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.toml")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            found = read_toml(path)
        except SuiteError:
            return
        assert isinstance(found, dict)


@given(st.text())
def test_a_name_can_stand_in_an_id_and_in_a_file_name(text: str) -> None:
    try:
        check_name(text, "w")
    except SuiteError:
        return
    assert "/" not in text
    assert "__" not in text
    assert not text.startswith((".", "-"))
    assert text.isascii()
    assert text.isprintable()


def test_paths_of_keys_count_from_one() -> None:
    assert dotted("block", 0, "protocol", "images") == "block[1].protocol.images"
    assert dotted("", "name") == "name"
    assert dotted("steps", 1) == "steps[2]"


def test_keys_are_known_at_any_depth() -> None:
    assert "scale" in fields_at(Model, ("pixels",))
    assert "logits" in fields_at(Model, ("onnx",))
    assert fields_at(Variant, ("steps", 0)) == ("name", "options")
    assert fields_at(Model, ("config", "depths")) == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"images": 1.0}, "images = 1.0"),
        ({"images": [1]}, r"images = \[1\]"),
        ({"height": "x" * 200}, r"height = \"x+\.\.\.:"),
        ({"launches": 101}, "launches = 101: input should be less than or equal to 100"),
        ({"batch": 2}, "p has no key 'batch' .value 2.* Did you mean 'batch_size'"),
    ],
)
def test_one_sentence_holds_key_and_value(raw: dict, said: str) -> None:
    with pytest.raises(SuiteError, match=said) as e:
        parse(Protocol, raw, "p")
    assert e.value.message.startswith("p")
    assert len(str(e.value)) < 250


def test_a_whole_number_is_a_number_and_a_list_a_tuple() -> None:
    assert parse(Protocol, {"timeout_s": 5}).timeout_s == 5.0
    made = parse(Model, {"name": "m", "source": "hub", "location": "a/b", "classes": ["x"]})
    assert made.classes == ("x",)
