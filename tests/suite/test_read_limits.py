"""Suites that no machine should try: each is one sentence, at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bench.errors import SuiteError
from bench.suite.load import MOST_CASES, load_suite
from bench.suite.read import DEEPEST, MOST_BYTES, read_toml

SUITE = """
name = "x"
title = "x"
reference = "onnx-onnxruntime-fp32"
{top}
[[block]]
model = "segformer-micro"
dataset = "scenes"
targets = ["cpu"]
variants = ["onnx-onnxruntime-fp32"]
{block}
"""


def numbers(count: int) -> str:
    return ", ".join(map(str, range(1, count + 1)))


@pytest.mark.parametrize(
    ("top", "block", "said"),
    [
        ("", "sweep = { batch_size = [" + numbers(1_000_000) + "] }", "bytes; a suite has 1000000"),
        ("", "sweep = { batch_size = [" + numbers(MOST_CASES + 1) + "] }", "asks for 10001 cases"),
        ("", f"sweep = {{ batch_size = [{numbers(1000)}], threads = [{numbers(1000)}] }}", "1000000"),
        ("", f"sweep = {{ threads = [{numbers(20_000)}, 7] }}", "it names 7 twice"),
        ("about = " + "[" * 5000 + "]" * 5000, "", "deeper than 32 levels"),
        ("about = " + "[" * DEEPEST + "1" + "]" * DEEPEST, "", "deeper than 32 levels"),
        ("about = " + "{a = " * 5000 + "1" + "}" * 5000, "", "deeper than 32 levels"),
        ("a" + ".a" * 400_000 + " = 1", "", "deeper than 32 levels"),
        ('"a"' + ' . "a"' * 40 + " = 1", "", "deeper than 32 levels"),
        ("[protocol]\nimages = 1" + "0" * 20, "", "100000000000000000000..., of more than 20 digits"),
        ("[protocol]\nimages = " + "9" * 5000, "", "Exceeds the limit (4300 digits)"),
        ("[protocol]\nimages = 0x" + "f" * 50_000, "", "0xffffffffffffffffffffff..., of more than"),
        ("[protocol]\nmedian_width = 0.1" + "0" * 20, "", "of more than 20 digits"),
        ("[protocol]\ntimeout_s = 1e308", "", "protocol.timeout_s = 1e+308: input should be less"),
        ("[protocol]\ntimeout_s = 1e999", "", "protocol.timeout_s = Infinity"),
        ("[protocol]\ntiming_limit_s = 1e12", "", "protocol.timing_limit_s = 1000000000000.0"),
        ('[model.m]\nsource = "hub"\nlocation = "a/b"\npixels = { std = [1, 0, 1] }', "",
         "model.m.pixels.std[2] = 0: input should be greater than 0"),
        (f"{'k' * 900_000} = 1", "", "has no key 'kkk"),
    ],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(
    top: str, block: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(SUITE.format(top=top, block=block))
    began = time.monotonic()
    with pytest.raises(SuiteError) as e:
        load_suite(path)
    assert said in str(e.value)
    assert len(str(e.value)) < 2000 + len(str(path))
    assert time.monotonic() - began < 10


def test_what_is_just_allowed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for text in (
        "a = " + "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1),
        ".".join("a" * DEEPEST) + " = 1",
        f"a = {10**20 - 1}",
        "a = 0.00039215686274509805",
        "a = 1" + " " * (MOST_BYTES - 5),
    ):
        path.write_text(text)
        assert read_toml(path)
    path.write_text("a = 1" + " " * MOST_BYTES)
    with pytest.raises(SuiteError, match="1000000 at most"):
        read_toml(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml")
    with pytest.raises(SuiteError, match="no file"):
        read_toml(tmp_path / "x.toml")
    with pytest.raises(SuiteError, match="no file"):
        load_suite(tmp_path / "x.toml")
