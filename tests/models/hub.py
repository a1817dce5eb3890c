"""A stand-in for the hub on the loopback: one repository, served as huggingface_hub asks for it."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "c0ffee" * 6 + "beef"


def _info(path: str, repo: str, files: dict[str, bytes]):
    """What the hub tells of a repository, or of its files."""
    if "/tree/" in path:
        return [
            {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}  # noqa: S324
            for n, c in files.items()
        ]
    siblings = [{"rfilename": n} for n in files]
    return {"id": repo, "modelId": repo, "sha": COMMIT, "siblings": siblings, "tags": []}


@contextmanager
def serve(repo: str, files: dict[str, bytes]):
    """Address of the stand-in, and the list of requests that it got."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *words):
            """Say nothing."""

        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, *, body):
            asked.append(f"{self.command} {self.path}")
            path = self.path.partition("?")[0]
            name = path.removeprefix(f"/{repo}/resolve/{COMMIT}/")
            if path.startswith(f"/api/models/{repo}"):
                self.send(json.dumps(_info(path, repo, files)).encode(), body, "application/json")
            elif name in files:
                self.send(files[name], body, "application/octet-stream")
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def send(self, content, body, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if body:
                self.wfile.write(content)

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
