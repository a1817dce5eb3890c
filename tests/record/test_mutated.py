"""Damaged records: whatever happened to a file, the answer is a number, a reason or one sentence."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import SegbenchError
from bench.gate.bless import FILE, read_blessing
from bench.metrics.rows import rows
from bench.record.store import read_run
from tests import builders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.record.store import Run

ROWS = (builders.Planned(), builders.Planned("onnx-onnxruntime-fp32", flip=0.1))
DAMAGES = (
    "cut",
    "flip",
    "empty",
    "text",
    "deep",
    "pipe",
    "folder",
    "zero",
    "socket",
    "gone",
    "json",
)


@contextmanager
def at_once(seconds: int = 20) -> Iterator[None]:
    """A wait that never ends is a failure, not a hang."""

    def late(*_: Any) -> None:
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with arrays, pictures, pairs, a calibration, a ceiling and a blessing."""
    folder = tmp_path_factory.mktemp("whole")
    builders.build_run(folder, ROWS, images=3, size=(8, 16), iterations=5)
    (folder / "pairs").mkdir()
    for name in ("pairs/a.json", "calibration.json", FILE):
        (folder / name).write_text("{}")
    return folder


def damage(path: Path, how: str, at: int) -> None:
    """Put something else where a file was."""
    raw = path.read_bytes()
    at %= max(1, len(raw))
    path.unlink()
    made = {
        "cut": raw[:at],
        "flip": raw[:at] + bytes([raw[at] ^ (1 << at % 8)]) + raw[at + 1 :],
        "empty": b"",
        "text": b"no record\xff",
        "deep": b"[" * 100_000,
        "json": b'{"schema": 3, "suite": 7}',
    }
    if how in made:
        path.write_bytes(made[how])
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "zero":
        path.symlink_to("/dev/zero")
    elif how == "socket":
        here = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind("s")
            Path("s").rename(path.name)
        finally:
            os.chdir(here)


def readings(folder: Path) -> Iterator[Callable[[], object]]:
    """Everything that is ever read of a record, one after the other."""
    yield lambda: read_blessing(folder)
    run: list[Run] = []
    yield lambda: run.append(read_run(folder))
    for one in run:
        yield lambda one=one: rows(one)
        yield one.calibration
        yield one.ceilings
        yield one.pairs
        for name in sorted(p.name for p in (folder / "media").glob("*")):
            yield lambda one=one, name=name: one.media(name)


def refusals(folder: Path) -> list[str]:
    """Sentences of all readings that were refused; any other exception passes."""
    said = []
    for reading in readings(folder):
        try:
            reading()
        except SegbenchError as e:
            said.append(e.message)
    return said


@settings(max_examples=60)
@given(st.data())
def test_damage_is_a_sentence_and_never_a_wait(whole: Path, data: st.DataObject) -> None:
    files = sorted(p.relative_to(whole) for p in whole.rglob("*") if p.is_file())
    name = data.draw(st.sampled_from(files))
    how = data.draw(st.sampled_from(DAMAGES))
    at = data.draw(st.integers(0, 10**6))
    with tempfile.TemporaryDirectory() as place, at_once():  # counts are kept by folder
        folder = Path(place, "run")
        shutil.copytree(whole, folder)
        damage(folder / name, how, at)
        said = refusals(folder)
    assert all(len(text) < 1000 and "Traceback" not in text for text in said)
    if how in {"pipe", "folder", "zero", "socket"} and name != Path("run.json"):
        assert any(name.name in text for text in said)


@pytest.mark.parametrize("name", ["run.json", "npz", "case", "picture", "pairs", "calibration"])
def test_a_pipe_is_refused_by_its_name(whole: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    at = {
        "run.json": folder / "run.json",
        "npz": next(folder.glob("cases/*.npz")),
        "case": next(folder.glob("cases/*.json")),
        "picture": next(folder.glob("media/*")),
        "pairs": folder / "pairs" / "a.json",
        "calibration": folder / "calibration.json",
    }[name]
    at.unlink(missing_ok=True)
    os.mkfifo(at)
    with at_once():
        said = refusals(folder)
    assert any(at.name in text and ("pipe" in text or "holds no run" in text) for text in said)
