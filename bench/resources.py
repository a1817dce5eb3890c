"""Where the data lies (suites/ and reports/ in a checkout or a wheel, the user's cache), and reading it."""

import errno
import hashlib
import os
import stat
from functools import cache
from pathlib import Path
from typing import BinaryIO

_PACKAGE = Path(__file__).resolve().parent


def _data(name: str) -> Path:
    """Folder of package data: beside `bench/` in a checkout, inside it in a wheel."""
    installed = _PACKAGE / "_data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def suites_dir() -> Path:
    """Folder of the shipped suites and tables."""
    return _data("suites")


def reports_dir() -> Path:
    """Folder of the templates, style sheets and prose of the cards."""
    return _data("reports")


def weights_dir() -> Path:
    """Folder of the shipped micro models."""
    return _PACKAGE / "models" / "weights"


def cache_dir() -> Path:
    """Folder for data sets, artifacts and reference outputs: SEGBENCH_CACHE or the user's cache."""
    asked = os.environ.get("SEGBENCH_CACHE")
    if asked:
        return Path(asked).expanduser().resolve()
    from platformdirs import user_cache_path

    return user_cache_path("segbench")


def read_bytes(path: Path) -> bytes:
    """Content of a regular file; see `open_regular`."""
    with open_regular(path) as file:
        return file.read()


def open_regular(path: Path) -> BinaryIO:
    """Regular file, opened to be read; a pipe, socket or device, which may block, is refused.

    Raises:
        OSError: as `open` does, and for what is no regular file.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is a folder, pipe, socket or device, no file", str(path))
    return os.fdopen(number, "rb")


@cache
def code_of(places: tuple[str, ...]) -> str:
    """Digest, 16 hexadecimal digits, of the Python files in some rooms of the package."""
    sha = hashlib.sha256()
    for place in places:
        at = _PACKAGE / place
        for path in [at] if at.is_file() else sorted(at.rglob("*.py")):
            sha.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()[:16]
