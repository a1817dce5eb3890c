"""Every family as its tiny model in suites/families.toml: built by torch, and its outputs judged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers

from bench import registry
from bench.models.parts import parts
from bench.models.transformers import TransformersLoader
from bench.segments import VOID
from bench.suite.load import load_suite
from bench.suite.tables import tables
from bench.transforms.labels import class_map, reference

LOADER = TransformersLoader()
IMAGE = (64, 128)
MODELS = {case.model.name: case.model for case in load_suite("families").expand()}


@pytest.fixture(scope="module", params=MODELS)
def built(request):
    """A model with what it tells of itself, its module, and the outputs of two random images."""
    spec = MODELS[request.param]
    told = LOADER.told(spec)
    spec = spec.completed(told)
    module = LOADER.build(spec)
    size = spec.padded(*IMAGE)
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        outputs = dict(zip(module.output_names, (t.numpy() for t in module(x)), strict=True))
    return spec, told, module, outputs


def test_outputs_have_the_names_and_shapes_that_every_rule_takes(built):
    spec, told, _, outputs = built
    if spec.features:
        assert set(outputs) == {"features"}
        assert told.tasks == ()
    elif "mask_logits" in outputs:
        assert set(outputs) == {"class_logits", "mask_logits"}
        queries = outputs["class_logits"].shape[1]
        assert outputs["class_logits"].shape == (2, queries, 20)
        assert outputs["mask_logits"].shape[:2] == (2, queries)
    else:
        assert set(outputs) == {"logits"}
        assert outputs["logits"].shape[:2] == (2, 19)
        assert told.tasks == ("semantic",)


def test_post_processing_takes_them(built):
    spec, _, _, outputs = built
    one = {name: array[:1] for name, array in outputs.items()}
    labels = reference(one, spec.padded(*IMAGE), IMAGE)
    assert (labels.shape, labels.dtype) == (IMAGE, np.uint8)
    assert (labels == VOID).all() if spec.features else labels.max() < 19
    assert np.isfinite(class_map(one)).all()


def test_untrained_outputs_follow_the_image(built):
    # Where the signal vanished, parity would compare zeros, or numbers too small for float32.
    for name, array in built[3].items():
        first, second = array.astype(np.float64)
        assert np.abs(first - second).max() > 1e-3 * np.abs(first).max() > 1e-15, name


def test_its_parts_are_those_of_the_family(built):
    spec, _, module, _ = built
    found = set(parts(module).values())
    if not spec.features:
        assert "heads" in found
        assert any(part.startswith("backbone") for part in found)


def test_the_suite_has_a_model_of_every_family():
    kinds = {spec.config["model_type"] for spec in MODELS.values()}
    assert kinds == set(registry.TABLE["family"])


@pytest.mark.parametrize("name", tables().models)
def test_a_shipped_model_says_what_its_family_takes(name):
    spec = tables().models[name]
    if spec.config:
        spec = spec.model_copy(update={"source": "seeded", "seed": 0})
    told = LOADER.told(spec)
    assert bool(told.tasks) != spec.features
    assert LOADER.digest(spec)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        # Xie et al. 2021 (table 1, with 150 classes), Cheng et al. 2022 (table 8), He et al. 2016 and
        # Dosovitskiy et al. 2021, both without the classifier.
        ("segformer-b0-ade20k", 3.8),
        ("segformer-b5-ade20k", 84.7),
        ("mask2former-swin-tiny-coco-instance", 47.0),
        ("resnet-50", 23.5),
        ("vit-base", 86.0),
    ],
)
def test_a_shipped_configuration_has_the_published_number_of_parameters(name, millions):
    config = tables().models[name].config
    family = registry.load("family", config["model_type"])
    with torch.device("meta"):
        made = getattr(transformers, family.architecture)._from_config(
            transformers.AutoConfig.for_model(**config), **family.built
        )
    count = sum(p.numel() for p in made.parameters()) / 1e6
    assert count == pytest.approx(millions, rel=0.02)
