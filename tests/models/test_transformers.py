"""Without torch: where weights are found, and what is said where they aren't."""

import json

import pytest

from bench.errors import BadInput, Unsupported, WeightsError
from bench.models import transformers
from bench.models.transformers import TransformersLoader
from bench.plan import select
from bench.suite.model import Model, Pixels

FILES = {
    "config.json": json.dumps({"model_type": "segformer"}).encode(),
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
}


def model(**more):
    return Model(**{"name": "tiny", "source": "hub", "location": "someone/tiny", **more})


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
    assert TransformersLoader().told(spec).classes == want


def test_shipped_weights_have_the_classes_of_cityscapes():
    spec = model(source="package", location="segformer-micro")
    assert TransformersLoader().told(spec).classes[:2] == ("road", "sidewalk")


def folder(tmp_path, config, name="model.safetensors", **files):
    """A folder of weights that nothing reads, with a configuration and other JSON files."""
    (tmp_path / "config.json").write_text(json.dumps(config))
    for stem, content in files.items():
        (tmp_path / f"{stem}.json").write_text(json.dumps(content))
    (tmp_path / name).touch()
    return model(source="folder", location=str(tmp_path))


def test_weights_tell_how_an_image_becomes_numbers(tmp_path):
    own = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.2, 0.3, 0.4]}
    spec = folder(tmp_path, {"model_type": "segformer"}, preprocessor_config=own)
    found = spec.completed(TransformersLoader().told(spec))
    assert found.pixels == Pixels(mean=(0.5, 0.5, 0.5), std=(0.2, 0.3, 0.4))
    asked = Model(**spec.model_dump(exclude={"pixels"}), pixels={"channels": "bgr"})
    assert asked.completed(TransformersLoader().told(asked)).pixels == Pixels(channels="bgr")
    spec = folder(
        tmp_path, {"model_type": "segformer"},
        preprocessor_config={"do_normalize": False, "do_rescale": False, "do_flip_channel_order": True},
    )  # fmt: skip
    plain = Pixels(scale=1.0, mean=(0, 0, 0), std=(1, 1, 1), channels="bgr")
    assert TransformersLoader().told(spec).pixels == plain


@pytest.mark.parametrize(
    ("config", "multiple", "size", "tasks"),
    [
        ({"model_type": "mask2former"}, 32, None, ("semantic", "panoptic", "instance")),
        (
            {"model_type": "beit", "image_size": 640, "patch_size": 16},
            16,
            (640, 640),
            ("semantic",),
        ),
        ({"model_type": "oneformer"}, 32, None, ("semantic",)),
        (
            {
                "model_type": "upernet",
                "backbone_config": {"model_type": "dinov2", "patch_size": 14},
            },
            14,
            None,
            ("semantic",),
        ),
    ],
)
def test_a_configuration_tells_input_and_tasks(tmp_path, config, multiple, size, tasks):
    told = TransformersLoader().told(folder(tmp_path, config))
    assert (told.size_multiple, told.input_size, told.tasks) == (multiple, size, tasks)


def test_a_backbone_must_be_called_one_and_nothing_else(tmp_path):
    spec = folder(tmp_path, {"model_type": "resnet"})
    with pytest.raises(BadInput, match=r"'resnet', which gives features alone.*features = true"):
        TransformersLoader().told(spec)
    spec = folder(tmp_path, {"model_type": "segformer"}).model_copy(update={"features": True})
    with pytest.raises(BadInput, match=r"gives more than features.*features = false"):
        TransformersLoader().told(spec)


def test_weights_that_torch_pickled_are_tensors_alone(tmp_path):
    import torch

    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    spec = folder(tmp_path, {"model_type": "segformer"}, "pytorch_model.bin")
    torch.save({"x": Evil()}, tmp_path / "pytorch_model.bin")
    first = TransformersLoader().digest(spec)
    assert TransformersLoader().file_bytes(spec) > 0
    with pytest.raises(WeightsError, match="can't be loaded"):
        TransformersLoader().build(spec)
    assert not (tmp_path / "harm").exists()
    torch.save({}, tmp_path / "pytorch_model.bin")
    assert TransformersLoader().digest(spec) != first
