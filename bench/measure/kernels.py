"""ONNX Runtime's own profile: a session that records what each kernel takes."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def recorded(file: Path, threads: int, provider: str) -> Iterator[tuple[Any, list[Any]]]:
    """Session on an ONNX file, and the events of its calls, a list that is filled at the end."""
    import onnxruntime as ort

    events: list[Any] = []
    with tempfile.TemporaryDirectory() as scratch:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(scratch) / "profile")
        session = ort.InferenceSession(str(file), options, providers=[provider])
        yield session, events
        events += json.loads(Path(session.end_profiling()).read_text())
