"""The real client of the hub against a stand-in, each in a process of its own: it reads its variables at import."""

import json
import os
import subprocess
import sys

import pytest
import torch

from bench.errors import WeightsError
from bench.models import hub
from bench.models.transformers import TransformersLoader
from bench.suite.model import Model
from tests.models.hub import COMMIT, environment, etag, serve

REPO = "someone/tiny"
CONFIG = {
    "model_type": "segformer",
    "hidden_sizes": [8, 8, 16, 16],
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 1, 2, 2],
    "decoder_hidden_size": 16,
    "id2label": {"0": "road", "1": "car"},
}
SEEDED = Model(name="tiny", source="seeded", location="", seed=1, config=CONFIG)
PIXELS = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.1, 0.2, 0.3], "rescale_factor": 0.01}
ASK = """
import json, sys
from bench.errors import SegbenchError
from bench.models.transformers import TransformersLoader
from bench.suite.model import Model
spec, loader = Model.model_validate_json(sys.argv[1]), TransformersLoader()
try:
    told = loader.told(spec)
    print(json.dumps({
        "digest": loader.digest(spec), "bytes": loader.file_bytes(spec),
        "folder": str(loader._folder(spec)), "classes": told.classes, "mean": told.pixels.mean,
    }))
except SegbenchError as e:
    print(json.dumps({"error": type(e).__name__, "message": e.message, "hint": e.hint}))
assert "torch" not in sys.modules
"""


def model(**more):
    return Model(**{"name": "tiny", "source": "hub", "location": REPO, **more})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small seeded model as a repository."""
    home = tmp_path_factory.mktemp("repository")
    TransformersLoader().build(SEEDED).model.save_pretrained(home)
    (home / "preprocessor_config.json").write_text(json.dumps(PIXELS))
    return {p.name: p.read_bytes() for p in home.iterdir()} | {"pytorch_model.bin": b"never asked"}


def ask(tmp_path, endpoint, **more):
    """What another process says about the model: its digest, files, classes; or its error."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, model().model_dump_json()],
        capture_output=True, text=True, check=False, timeout=180,
        env={**os.environ, **environment(tmp_path / "hf", endpoint), **more},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def blobs(tmp_path):
    return [p.name for p in (tmp_path / "hf").glob("hub/*/blobs/*")]


def test_the_hub_is_asked_once_and_the_cache_does_without_it(tmp_path, files):
    with serve(REPO, files) as (endpoint, asked):
        first = ask(tmp_path, endpoint)
    assert first["folder"].endswith(COMMIT)
    assert first["bytes"] == len(files["model.safetensors"])
    assert (first["classes"], first["mean"]) == (["road", "car"], PIXELS["image_mean"])
    assert not any("pytorch_model" in a and a.startswith("GET") for a in asked)
    assert sum(a.startswith("GET") and "model.safetensors" in a for a in asked) == 1
    came = TransformersLoader().build(model(source="folder", location=first["folder"]))
    uploaded = TransformersLoader().build(SEEDED).state_dict()
    assert all(torch.equal(t, uploaded[name]) for name, t in came.state_dict().items())
    # Nobody listens at that address any more.
    assert ask(tmp_path, endpoint, HF_HUB_OFFLINE="1") == first
    assert ask(tmp_path, endpoint) == first


def test_a_repository_without_safetensors_gives_what_torch_pickled(tmp_path, files):
    only = {n: c for n, c in files.items() if n != "model.safetensors"}
    with serve(REPO, only) as (endpoint, asked):
        found = ask(tmp_path, endpoint)
    assert found["bytes"] == len(files["pytorch_model.bin"])
    assert any("pytorch_model.bin" in a and a.startswith("GET") for a in asked)


def test_a_broken_connection_is_resumed_where_it_broke(tmp_path, files):
    # The client writes, and so can resume after, pieces of 10 MB.
    large = files | {"model.safetensors": bytes(11 * 2**20)}
    with serve(REPO, large, cut={"model.safetensors": 10_900_000}) as (endpoint, asked):
        found = ask(tmp_path, endpoint)
    assert found["bytes"] == 11 * 2**20
    assert any(a.endswith(f"model.safetensors bytes={10 * 2**20}-") for a in asked), asked


def test_another_content_than_announced_is_refused_and_not_kept(tmp_path, files):
    spoilt = bytearray(files["model.safetensors"])
    spoilt[-3] ^= 1
    with serve(REPO, files, sent={"model.safetensors": bytes(spoilt)}) as (endpoint, _):
        found = ask(tmp_path, endpoint)
    assert found["error"] == "WeightsError"
    assert "model.safetensors of 'tiny' came damaged" in found["message"]
    with serve(REPO, files) as (endpoint, _):
        assert ask(tmp_path, endpoint)["bytes"] == len(files["model.safetensors"])


def test_a_small_file_is_held_against_what_git_calls_it(tmp_path):
    blob = tmp_path / etag("config.json", b"{}")
    for content, right in ((b"{}", True), (b"{ }", False)):
        blob.write_bytes(content)
        file = tmp_path / "config.json"
        file.unlink(missing_ok=True)
        file.symlink_to(blob)
        if right:
            hub._check(file, model())
        else:
            with pytest.raises(WeightsError, match=r"config\.json of 'tiny' came damaged"):
                hub._check(file, model())
        assert blob.exists() == file.is_symlink() == right


def test_another_size_than_announced_is_refused_and_not_kept(tmp_path, files):
    short = files["model.safetensors"][:-100]
    with serve(REPO, files, sent={"model.safetensors": short}) as (endpoint, _):
        found = ask(tmp_path, endpoint)
    assert found["error"] == "WeightsError"
    assert "Consistency check failed" in found["message"]
    assert not [name for name in blobs(tmp_path) if len(name) == 64]


def test_an_unreachable_hub_is_a_sentence_with_two_ways_out(tmp_path):
    found = ask(tmp_path, "http://127.0.0.1:9")
    assert found["error"] == "WeightsError"
    assert "'tiny' can't be had from the hub (someone/tiny)" in found["message"]
    assert "--weights tiny=DIR" in found["hint"]
    assert "--weights tiny=seed" in found["hint"]


def test_a_repository_that_is_not_there_is_named(tmp_path, files):
    with serve("another/one", files) as (endpoint, _):
        found = ask(tmp_path, endpoint)
    assert found["error"] == "WeightsError"
    assert "someone/tiny" in found["message"]
