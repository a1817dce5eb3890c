"""Without Ray; tests/ray has a cluster."""

import sys

import pytest

from bench.cli.app import main
from tests import small


def test_without_ray_there_is_one_sentence_and_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    suite = small.write_suite(tmp_path)
    words = ["segbench", "run", str(suite), "--executor", "ray", "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: The executor 'ray' needs Ray")
    assert "python -m pip install 'segbench[ray]'" in said
    assert "Traceback" not in said


def test_an_address_of_the_local_executor_is_refused(tmp_path, monkeypatch, capsys):
    suite = small.write_suite(tmp_path)
    words = ["segbench", "run", str(suite), "--address", "a:1", "--out", str(tmp_path / "run")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "has no address" in capsys.readouterr().err
