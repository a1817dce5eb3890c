"""Who imports what: a worker for ONNX Runtime or OpenVINO no torch, the parent no runtime at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import small

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]


def imported(log):
    """Packages that a process imported, from what -X importtime wrote to its standard error."""
    lines = [n for n in log.read_text().splitlines() if n.startswith("import time:")]
    assert lines
    return {n.rpartition("|")[2].strip().partition(".")[0] for n in lines}


@pytest.mark.parametrize("variant", [small.ORT, small.OPENVINO], ids=lambda v: v.slug)
def test_a_worker_imports_its_own_runtime_only(variant, tmp_path, cache, monkeypatch):
    pytest.importorskip(variant.backend)
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    data = small.folder(small.pictures(tmp_path / "pictures"))
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    asked = small.suite(small.block(of, data, variant), reference=variant)
    result = small.one(asked, tmp_path / "run", cache)
    assert result.status == "ok", result.reason
    for step in ("case", "reference", "weights", "dataset"):
        # Another test of this session may have left the same reference in the cache.
        if step == "reference" and not list((tmp_path / "run" / "logs").glob("*.reference.log")):
            continue
        (log,) = (tmp_path / "run" / "logs").glob(f"*.{step}.log")
        found = imported(log)
        assert not found & {"torch", "transformers", "pandas", "matplotlib"}, step
        assert (variant.backend in found) == (step in {"case", "reference"})


def test_the_parent_imports_no_runtime(tmp_path):
    path = small.write_suite(tmp_path)
    code = (
        "import atexit, sys\n"
        "from bench.cli.app import main\n"
        f"sys.argv = ['segbench', 'run', {str(path)!r}, '--out', {str(tmp_path / 'run')!r}]\n"
        "bad = {'torch', 'transformers', 'onnxruntime', 'openvino', 'onnx', 'cv2', 'pandas', 'ray'}\n"
        "atexit.register(lambda: print('IMPORTED', sorted(bad & set(sys.modules))))\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "IMPORTED []"
