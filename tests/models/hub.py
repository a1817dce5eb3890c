"""A stand-in for the hub on the loopback: one repository, served as huggingface_hub asks for it.

As on the hub, a large file's ETag is its sha256, another's is what git calls it; parts are served
(`Range`), and each answer tells the commit.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" * 6 + "beef"


def etag(name: str, content: bytes) -> str:
    """Digest that the hub announces with a file."""
    if name.endswith((".safetensors", ".bin")):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git's


def _info(path: str, repo: str, files: dict[str, bytes]):
    """What the hub tells of a repository, or of its files."""
    if "/tree/" in path:
        return [
            {"type": "file", "path": n, "size": len(c), "oid": etag(n, c)} for n, c in files.items()
        ]
    siblings = [{"rfilename": n} for n in files]
    return {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": siblings, "tags": []}


@contextmanager
def serve(  # noqa: C901 - the methods of its handler are short
    repo: str,
    files: dict[str, bytes],
    *,
    cut: dict[str, int] | None = None,
    sent: dict[str, bytes] | None = None,
):
    """Address of the stand-in, and the list of requests that it got.

    `cut`: file -> bytes after which its connection breaks, once. `sent`: file -> bytes that are sent in
    place of those that were announced.
    """
    asked: list[str] = []
    cuts = dict(cut or {})

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words):
            """Say nothing."""

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, *, body):
            part = self.headers.get("Range")
            asked.append(" ".join(filter(None, (self.command, self.path, part))))
            path = self.path.partition("?")[0]
            name = re.sub(f"^/{repo}/resolve/(main|{COMMIT})/", "", path)
            if path.startswith(f"/api/models/{repo}"):
                self.send(200, json.dumps(_info(path, repo, files)).encode(), body=body)
            elif name in files:
                self.file(name, part, body=body)
            else:
                self.send(404, b"", body=False, **{"X-Error-Code": "EntryNotFound"})

        def file(self, name, part, *, body):
            content = files[name]
            told = {"ETag": f'"{etag(name, content)}"', "Accept-Ranges": "bytes"}
            if not body:
                self.send(200, content, body=False, **told)
                return
            content = (sent or {}).get(name, content)
            start = int(re.fullmatch(r"bytes=(\d+)-", part)[1]) if part else 0
            if start:
                told["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send(206 if start else 200, content[start:], stop=cuts.pop(name, None), **told)

        def send(self, status, content, *, body=True, stop=None, **headers):
            self.send_response(status)
            headers |= {"Content-Length": str(len(content)), "X-Repo-Commit": COMMIT}
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content[:stop])
            if stop is not None:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(home: Path, endpoint: str) -> dict[str, str]:
    """Variables that send huggingface_hub there, with a cache of its own."""
    return {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
