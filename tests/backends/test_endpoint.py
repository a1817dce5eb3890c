"""An endpoint on this machine that answers well, late, or wrongly."""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from huggingface_hub import constants

from bench.backends.annotations import labels
from bench.backends.base import OpenJob
from bench.backends.endpoint import ADDRESS, EndpointBackend, checked
from bench.devices.cpu import CpuDevice
from bench.errors import BadInput, CaseFailed
from bench.suite.case import ParityLimit
from bench.suite.tables import tables
from tests import small

CLASSES = ("dark", "red", "green", "blue")
IMAGE = np.zeros((1, 8, 12, 3), np.uint8)
IMAGE[0, :, 4:] = (255, 0, 0)


def mask(inside):
    return base64.b64encode(cv2.imencode(".png", inside.astype(np.uint8) * 255)[1]).decode()


def brightest(image):
    """Elements of a model whose class is the brightest channel."""
    top = np.concatenate([np.full((*image.shape[:2], 1), 100), image], axis=2).argmax(2)
    return [
        {"label": CLASSES[i], "score": None, "mask": mask(top == i)}
        for i in np.unique(top).tolist()
    ]


class Server:
    """`reply` makes (status, headers, body) of an image; `seen` holds the requests."""

    def __init__(self):
        self.seen, self.reply = [], lambda image: (200, {}, json.dumps(brightest(image)).encode())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append(({k.lower(): v for k, v in self.headers.items()}, asked))
                data = np.frombuffer(base64.b64decode(asked["inputs"]), np.uint8)
                image = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
                status, headers, body = outer.reply(image)
                try:
                    self.send_response(status)
                    for pair in headers.items():
                        self.send_header(*pair)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # the client went away
                    pass

            def log_message(self, *words):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/segment"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    made = Server()
    monkeypatch.setenv(ADDRESS, made.url)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    yield made
    made.http.shutdown()
    made.http.server_close()


def variant(**options):
    return tables().variants["endpoint-unknown"].model_copy(update={"options": options})


def opened(**options):
    return EndpointBackend().open(
        OpenJob(
            model=small.model(small.Path("conv.onnx")).model_copy(update={"classes": CLASSES}),
            variant=variant(**options),
            device=CpuDevice(),
            threads=1,
            artifact=None,
            size=(8, 12),
        )
    )


def asked(session):
    return session.copy_out(session.forward(session.copy_in(IMAGE)))


def test_masks_become_labels_and_the_subtask_is_pinned(server):
    session = opened()
    found = asked(session)["labels"]
    assert found.shape == (1, 8, 12)
    assert np.all(found[0, :, :4] == 0)
    assert np.all(found[0, :, 4:] == 1)
    ((headers, sent),) = server.seen
    assert sent["parameters"]["subtask"] == "semantic"
    assert headers["authorization"] == "Bearer hf_secret"
    assert session.effective == {"subtask": "semantic", "device": server.url}
    assert "secret" not in str(session.effective)


def test_latency_lies_in_the_forward_phase(server):
    session = opened()
    good = server.reply
    server.reply = lambda image: (time.sleep(0.1), good(image))[1]
    fed = session.copy_in(IMAGE)
    start = time.perf_counter()
    session.forward(fed)
    assert time.perf_counter() - start >= 0.1


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (500, {}, b"out of memory", "answered with HTTP status 500"),
        (503, {}, b"{}", "answered with HTTP status 503"),
        (429, {"Retry-After": "7"}, b"", r"refuses more calls \(429\), and asks to wait 7 s"),
        (429, {}, b"", r"refuses more calls \(429\)\."),
        (401, {}, b"", r"refuses the token \(401\)"),
        (200, {}, b"<html>", "what is no segmentation"),
        (200, {}, b"3", "what is no segmentation"),
        (200, {}, b'[{"label": "red"}]', "what is no segmentation"),
        (200, {}, b'[{"label": "red", "mask": "?!", "score": 1}]', "what is no segmentation"),
        (
            200, {}, json.dumps([{"label": "red", "mask": mask(np.ones((3, 4)))}]).encode(),
            "mask of 3 x 4 pixels to an image of 8 x 12",
        ),
        (
            200, {}, json.dumps([{"label": "rad", "mask": mask(np.ones((8, 12)))}]).encode(),
            "label 'rad', which is no class",
        ),
    ],
)  # fmt: skip
def test_every_wrong_answer_is_one_sentence(server, status, headers, body, words):
    session = opened()
    server.reply = lambda image: (status, headers, body)
    with pytest.raises(CaseFailed, match=words) as caught:
        asked(session)
    assert caught.value.__suppress_context__ or caught.value.__cause__ is None
    assert "secret" not in f"{caught.value} {caught.value.hint}"


def test_an_answer_that_is_too_late(server):
    session = opened(timeout_s=0.2)
    server.reply = lambda image: (time.sleep(0.6), (200, {}, b"[]"))[1]
    with pytest.raises(CaseFailed, match=r"no answer within 0\.2 s"):
        asked(session)


def test_nobody_there(server):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(CaseFailed, match="can't be reached"):
        asked(opened())


def test_offline(server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(CaseFailed, match="HF_HUB_OFFLINE is set"):
        asked(opened())
    assert not server.seen


def test_without_an_address_nothing_is_sent(monkeypatch):
    monkeypatch.delenv(ADDRESS, raising=False)
    assert ADDRESS in EndpointBackend().supports("unknown", CpuDevice())
    monkeypatch.setenv(ADDRESS, "https://example.org")
    assert not EndpointBackend().supports("unknown", CpuDevice())
    assert "write unknown" in EndpointBackend().supports("fp32", CpuDevice())
    elsewhere = SimpleNamespace(name="cuda")
    assert "cpu" in EndpointBackend().supports("unknown", elsewhere)


@pytest.mark.parametrize(
    "url", ["", "ftp://x", "localhost:80", "http://", "http://[x", "http://a:b"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(BadInput, match="no http or https address"):
        checked(url, secret=False)


def test_a_token_does_not_travel_in_the_clear():
    with pytest.raises(BadInput, match="without encryption"):
        checked("http://example.org/x", secret=True)
    assert checked("http://example.org/x", secret=False) == "http://example.org/x"
    for host in ("127.0.0.1:8", "localhost", "[::1]:9"):
        assert checked(f"http://{host}/x", secret=True) == f"http://{host}/x"


def test_a_record_gets_no_secrets_of_an_address():
    assert checked("https://me:pass@h.example/x?key=1#2", secret=True) == "https://h.example/x"


def test_pixels_without_a_mask_are_void():
    found = labels([("a", np.eye(2))], {"a": 3}, (2, 2), "It")["labels"]
    assert found.tolist() == [[[3.0, 255.0], [255.0, 3.0]]]


def test_a_case_is_measured_through_an_endpoint(server, tmp_path):
    small.conv_graph(tmp_path / "conv.onnx")
    small.pictures(tmp_path / "pictures")
    block = small.block(
        small.model(tmp_path / "conv.onnx"), small.folder(tmp_path / "pictures"),
        small.ORT, variant(), protocol=small.QUICK.model_copy(update={"postprocess": "hf"}),
    )  # fmt: skip
    suite = small.suite(block, parity=ParityLimit(agreement=0.5))  # it isn't quite that model
    found = small.run(suite, tmp_path / "run", tmp_path / "cache")
    row = next(r for id_, r in found.items() if "/endpoint-unknown/" in id_)
    assert row.status == "ok", row.reason
    assert row.get("timing").launches[0].end_to_end_ns
    assert row.effective["device"] == server.url
    assert min(row.get("parity").equal) > 0
    assert "hf_secret" not in "".join(p.read_text() for p in (tmp_path / "run").rglob("*.json"))
