"""Files of the hub: fetched by commit, each held against the digest that the hub gave with it."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import WeightsError
from bench.models.files import sha256
from bench.suite.model import Model

PICKLED = ("pytorch_model*.bin", "pytorch_model*.bin.index.json")
"""Weights of repositories that have no safetensors; torch reads them as tensors alone."""
TIMEOUT_S = 10


def commit(spec: Model) -> str:
    """Commit of a model's revision: that of the local cache if it is there, else the hub's.

    The cache then knows it by the revision's name, so that the hub is not asked again.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    file = try_to_load_from_cache(spec.location, "config.json", revision=spec.revision)
    if not isinstance(file, str):
        with _said(spec):
            file = hf_hub_download(
                spec.location, "config.json", revision=spec.revision, etag_timeout=TIMEOUT_S
            )
    return Path(file).parent.name


def fetched(spec: Model, patterns: tuple[str, ...]) -> Path:
    """Local folder of a model's revision with all of its files that match, downloaded if need be.

    Raises:
        WeightsError: the hub doesn't give them, or a file isn't what the hub announced; it is deleted then.
    """
    from huggingface_hub import snapshot_download

    of = commit(spec)
    with _said(spec):
        folder = Path(snapshot_download(spec.location, revision=of, allow_patterns=[*patterns]))
    for file in sorted({f for pattern in patterns for f in folder.glob(pattern)}):
        _check(file, spec)
    return folder


def _check(file: Path, spec: Model) -> None:
    """Hold a file against its name in the hub's cache, which is the digest that the hub announced.

    Large files have their sha256, others what git calls them: sha1 over `blob SIZE`, a zero and the content.
    """
    blob = file.resolve()
    if re.fullmatch(r"[0-9a-f]{64}", blob.name):
        found = sha256(blob)
    elif re.fullmatch(r"[0-9a-f]{40}", blob.name):
        content = blob.read_bytes()
        found = hashlib.sha1(
            b"blob %d\0" % len(content) + content, usedforsecurity=False
        ).hexdigest()
    else:
        return
    if found != blob.name:
        file.unlink()
        blob.unlink(missing_ok=True)
        raise WeightsError(
            f"{file.name} of {spec.name!r} came damaged from the hub ({spec.location}): its digest is "
            f"{found[:12]}, and the hub announced {blob.name[:12]}. It was deleted.",
            "Run it again: it is fetched anew.",
        )


@contextmanager
def _said(spec: Model) -> Iterator[None]:
    """Context in which all that the hub's libraries raise, of many trees, becomes one sentence."""
    try:
        yield
    except Exception as e:
        raise WeightsError(
            f"The weights of {spec.name!r} can't be had from the hub ({spec.location}): {short(e)}.",
            f"Give a local copy with --weights {spec.name}=DIR, or measure untrained weights with "
            f"--weights {spec.name}=seed.",
        ) from e


def short(e: Exception) -> str:
    """Type and first line of an exception."""
    text = str(e).strip().splitlines()
    return f"{type(e).__name__}: {text[0][:200] if text else ''}".rstrip(".: ")
