import subprocess
import sys
from pathlib import Path

import pytest

from bench import cachedir


def test_a_folder_is_whole_only_with_its_note(tmp_path):
    folder = cachedir.artifact(tmp_path, "a" * 64)
    assert folder == tmp_path / "artifacts" / ("a" * 24)
    assert cachedir.reference(tmp_path, "b" * 64).parent.name == "references"
    assert cachedir.made(folder) is None
    folder.mkdir(parents=True)
    (folder / cachedir.MADE).write_text('{"na')
    assert cachedir.made(folder) is None
    (folder / cachedir.MADE).write_text('{"name": "onnx"}')
    assert cachedir.made(folder) == {"name": "onnx"}


def test_files_of_an_artifact_are_its_own(tmp_path):
    (tmp_path / "deep").mkdir()
    for name, size in (("model.onnx", 5), ("deep/data", 7), ("made.json", 9), ("artifact.json", 9)):
        (tmp_path / name).write_bytes(b"x" * size)
    assert cachedir.files(tmp_path) == (("deep/data", "model.onnx"), 12)


def test_a_folder_is_made_once_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "artifacts" / "a"
    left = folder.with_name("a.1.part")
    left.mkdir(parents=True)

    def torn(part):
        (part / "half").write_text("x")
        raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        cachedir.make(folder, torn)
    assert not folder.exists()
    assert not list(folder.parent.glob("*.part"))

    def work(part):
        (part / "whole").write_text("x")
        return {"n": 1}

    assert cachedir.make(folder, work) == {"n": 1}
    assert cachedir.make(folder, torn) == {"n": 1}
    assert (folder / "whole").is_file()


def test_two_processes_that_need_the_same_make_it_once(tmp_path):
    work = """
import sys, time
from pathlib import Path
from bench import cachedir

def work(part):
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    return {"by": 1}

print(cachedir.make(Path(sys.argv[1]), work))
"""
    log = tmp_path / "log"
    command = [sys.executable, "-c", work, str(tmp_path / "artifacts" / "a"), str(log)]
    home = Path(cachedir.__file__).parents[1]
    both = [subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE) for _ in range(2)]
    assert {p.communicate()[0] for p in both} == {b"{'by': 1}\n"}
    assert log.read_text() == "made\n"
