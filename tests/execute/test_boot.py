import shutil
import subprocess
import sys
from pathlib import Path

import bench
from bench.execute import boot

PACKAGE = Path(bench.__file__).resolve().parent


def test_what_lies_beside_the_package_or_in_the_folder_stays_out(tmp_path):
    # An installed segbench lies beside whatever else is installed; the backport `typing` is one of
    # its dependencies' dependencies, and breaks Python when it comes before the standard library.
    site = tmp_path / "site-packages"
    shutil.copytree(
        PACKAGE, site / "bench", ignore=shutil.ignore_patterns("weights", "__pycache__")
    )
    (site / "typing.py").write_text("raise ImportError('the wrong typing')\n")
    here = tmp_path / "here"
    (here / "bench").mkdir(parents=True)
    (here / "bench" / "__init__.py").write_text("raise ImportError('the wrong bench')\n")
    done = subprocess.run(
        [sys.executable, "-P", str(site / "bench" / "execute" / "boot.py")],
        input=b"{}", capture_output=True, check=False, cwd=here, timeout=60,
    )  # fmt: skip
    # It came as far as refusing the empty message, in the copy's own code.
    said = done.stderr.decode()
    assert "wrong" not in said
    assert "KeyError: 'out'" in said
    assert str(site / "bench" / "measure" / "worker.py") in said


def test_adopt_prefers_the_folder_that_it_is_given(tmp_path, monkeypatch):
    package = tmp_path / "bench"
    package.mkdir()
    (package / "__init__.py").write_text("mine = True\n")
    monkeypatch.setitem(sys.modules, "bench", sys.modules["bench"])
    boot.adopt(package)
    assert sys.modules["bench"].mine
