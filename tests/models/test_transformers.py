"""Without torch: where weights are found, and what is said where they aren't."""

import json
import os
import subprocess
import sys

import pytest

from bench.errors import BadInput, Unsupported, WeightsError
from bench.models import transformers
from bench.models.transformers import TransformersLoader
from bench.plan import select
from bench.suite.model import Model
from tests.models.hub import COMMIT, environment, serve

REPO = "someone/tiny"
FILES = {
    "config.json": json.dumps({"model_type": "segformer"}).encode(),
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
    "pytorch_model.bin": b"never fetched",
}


def model(**more):
    return Model(**{"name": "tiny", "source": "hub", "location": REPO, **more})


def ask(tmp_path, endpoint, **more):
    """What a process of its own says: huggingface_hub reads its variables when it is imported."""
    code = (
        "import json, sys\n"
        "from bench.errors import SegbenchError\n"
        "from bench.models.transformers import TransformersLoader, _snapshot\n"
        "from bench.suite.model import Model\n"
        "spec = Model.model_validate_json(sys.argv[1])\n"
        "try:\n"
        "    folder = _snapshot(spec)\n"
        "    said = [TransformersLoader().digest(spec), sorted(p.name for p in folder.iterdir()),\n"
        "            TransformersLoader().file_bytes(spec)]\n"
        "except SegbenchError as e:\n"
        "    said = [type(e).__name__, e.message, e.hint]\n"
        "print(json.dumps([*said, 'torch' in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, model(**more).model_dump_json()],
        capture_output=True, text=True, check=False, timeout=180,
        env={**os.environ, **environment(tmp_path / "hf", endpoint)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_hub_is_asked_once_and_known_by_its_commit(tmp_path):
    with serve(REPO, FILES) as (endpoint, asked):
        digest, names, size, torch = ask(tmp_path, endpoint)
        assert names == ["config.json", "model.safetensors"]
        assert size == len(FILES["model.safetensors"])
        assert not torch
        assert not any("pytorch_model" in a and a.startswith("GET") for a in asked)
        asked.clear()
        again, *_ = ask(tmp_path, endpoint, revision=COMMIT)
        assert again == digest
        assert not any(a.startswith("GET") and "resolve" in a for a in asked)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "offline"])
def test_an_unreachable_hub_is_a_sentence_with_two_ways_out(tmp_path, endpoint):
    kind, message, hint, torch = ask(tmp_path, endpoint.replace("offline", "http://127.0.0.1:1"))
    assert kind == "WeightsError"
    assert "'tiny' can't be had from the hub (someone/tiny)" in message
    assert "--weights tiny=DIR" in hint
    assert "--weights tiny=seed" in hint
    assert not torch


def test_a_repository_that_is_not_there(tmp_path):
    with serve("another/one", FILES) as (endpoint, _):
        kind, message, *_ = ask(tmp_path, endpoint)
    assert kind == "WeightsError"
    assert "someone/tiny" in message


def test_seeded_weights_are_known_by_config_and_seed():
    digest = TransformersLoader().digest
    config = {"model_type": "segformer", "depths": [1, 1]}
    first = digest(model(source="seeded", seed=1, config=config))
    assert digest(model(source="seeded", seed=1, config=config, name="else")) == first
    assert digest(model(source="seeded", seed=2, config=config)) != first
    assert digest(model(source="seeded", seed=1, config={**config, "depths": [2, 1]})) != first
    with pytest.raises(WeightsError, match=r"architecture isn't known.*\[model.tiny.config\]"):
        digest(model(source="seeded", seed=1))


def test_a_folder_is_known_by_content(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for file, content in FILES.items():
            (tmp_path / name / file).write_bytes(content)
    loader = TransformersLoader()
    one, two = (model(source="folder", location=str(tmp_path / n)) for n in "ab")
    first = loader.digest(one)
    assert loader.digest(two) == first
    (tmp_path / "b" / "config.json").write_text("{}")
    assert loader.digest(two) != first
    assert loader.file_bytes(one) == len(FILES["model.safetensors"])
    (tmp_path / "a" / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"holds no model: .*--weights tiny=DIR"):
        loader.digest(one)


@pytest.mark.parametrize(("text", "error"), [("{", WeightsError), ("[]", WeightsError)])
def test_a_damaged_config_is_named(tmp_path, text, error):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(error, match=r"config\.json"):
        transformers._read_config(tmp_path)


def test_an_unknown_architecture_points_to_the_other_loaders():
    with pytest.raises(BadInput, match=r"'unet'; segbench knows .*mask2former.*callable"):
        transformers._family({"model_type": "unet"}, model())


def test_an_option_that_it_does_not_know_is_refused_before_anything_is_loaded():
    with pytest.raises(Unsupported, match=r"'tiny' can't be built with 'atention'.*'attention'"):
        TransformersLoader().build(model(), options={"atention": "sdpa"})


def test_it_runs_no_code_of_others():
    assert not getattr(TransformersLoader, "runs_code", False)
    assert select.refuse_code([], allow_code=False) is None


@pytest.mark.parametrize(
    ("named", "want"),
    [
        ({"0": "road", "1": "car"}, ("road", "car")),
        ({"1": "car", "0": "road"}, ("road", "car")),
        ({"0": "LABEL_0", "1": "LABEL_1"}, ()),
        ({"0": "road", "1": "LABEL_1"}, ()),
        ({"0": "road", "2": "car"}, ()),
        (None, ()),
    ],
)
def test_classes_are_the_configurations_unless_it_only_counts(tmp_path, named, want):
    raw = {"model_type": "segformer"} | ({"id2label": named} if named else {})
    (tmp_path / "config.json").write_text(json.dumps(raw))
    (tmp_path / "model.safetensors").touch()
    spec = model(source="folder", location=str(tmp_path))
    assert TransformersLoader().classes(spec) == want


def test_shipped_weights_have_the_classes_of_cityscapes():
    spec = model(source="package", location="segformer-micro")
    assert TransformersLoader().classes(spec)[:2] == ("road", "sidewalk")


def test_classes_of_the_hub_come_with_its_snapshot(tmp_path):
    raw = {"model_type": "segformer", "id2label": {"0": "road", "1": "car"}}
    files = {**FILES, "config.json": json.dumps(raw).encode()}
    code = (
        "import sys\n"
        "from bench.models.transformers import TransformersLoader\n"
        "from bench.suite.model import Model\n"
        "print(*TransformersLoader().classes(Model.model_validate_json(sys.argv[1])))\n"
    )
    with serve(REPO, files) as (endpoint, _):
        done = subprocess.run(
            [sys.executable, "-c", code, model().model_dump_json()],
            capture_output=True, text=True, check=True, timeout=180,
            env={**os.environ, **environment(tmp_path / "hf", endpoint)},
        )  # fmt: skip
    assert done.stdout.split() == ["road", "car"]
