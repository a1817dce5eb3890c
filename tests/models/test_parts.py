import pytest
import torch

from bench.models import parts as of
from bench.models.parts import OTHER, part_of_scopes, parts, rules

MASK2FORMER, SEGFORMER = "Mask2FormerForUniversalSegmentation", "SegformerForSemanticSegmentation"
UPERNET, BEIT = "UperNetForSemanticSegmentation", "BeitForSemanticSegmentation"
DPT, EOMT = "DPTForSemanticSegmentation", "EomtForUniversalSegmentation"
MOBILENET = "MobileNetV2ForSemanticSegmentation"
PIXELS = "model.pixel_level_module"


@pytest.mark.parametrize(
    ("family", "path", "part"),
    [
        (MASK2FORMER, f"{PIXELS}.encoder.swin.embeddings.patch_embeddings", "backbone.stem"),
        (MASK2FORMER, f"{PIXELS}.encoder.swin.encoder.layers.0.blocks.1.mlp", "backbone.stage1"),
        (MASK2FORMER, f"{PIXELS}.encoder.swin.encoder.layers.3", "backbone.stage4"),
        (MASK2FORMER, f"{PIXELS}.encoder.encoder.stages.2.layers.0", "backbone.stage3"),
        (MASK2FORMER, f"{PIXELS}.encoder.hidden_states_norms.stage2", "backbone.stage2"),
        (MASK2FORMER, f"{PIXELS}.encoder.swin.layernorm", "backbone"),
        (MASK2FORMER, f"{PIXELS}.decoder.encoder.layers.5.self_attn", "pixel_decoder"),
        (MASK2FORMER, "model.transformer_module.decoder.layers.8.fc1", "transformer_decoder"),
        (MASK2FORMER, "model.transformer_module.decoder.mask_predictor.mask_embedder", "heads"),
        (MASK2FORMER, "class_predictor", "heads"),
        (MASK2FORMER, "criterion", OTHER),
        (MASK2FORMER, "", OTHER),
        (SEGFORMER, "segformer.stages.3.blocks.1", "backbone.stage4"),
        (SEGFORMER, "decode_head.linear_fuse", "decoder"),
        (SEGFORMER, "decode_head.classifier", "heads"),
        (SEGFORMER, None, OTHER),
        (UPERNET, "backbone.swin.embeddings.patch_embeddings", "backbone.stem"),
        (UPERNET, "backbone.swin.encoder.layers.2.blocks.1", "backbone.stage3"),
        (UPERNET, "backbone.encoder.stages.0.layers.1", "backbone.stage1"),
        (UPERNET, "backbone.encoder.layer.3.mlp", "backbone"),
        (UPERNET, "decode_head.psp_modules.0", "decoder"),
        (UPERNET, "decode_head.classifier", "heads"),
        (BEIT, "beit.layers.3.mlp", "backbone"),
        (BEIT, "beit.embeddings.patch_embeddings", "backbone.stem"),
        (BEIT, "fpn.fpn1", "decoder"),
        (DPT, "dpt.encoder.layer.0", "backbone"),
        (DPT, "neck.fusion_stage", "decoder"),
        (DPT, "head.head.4", "heads"),
        (EOMT, "layers.2.mlp", "backbone"),
        (EOMT, "mask_head.fc1", "heads"),
        (EOMT, "upscale_block.block.0", "decoder"),
        (MOBILENET, "mobilenet_v2.layer.3", "backbone"),
        (MOBILENET, "segmentation_head.classifier.convolution", "heads"),
    ],
)
def test_a_path_has_the_part_that_the_paper_calls_it(family, path, part):
    assert of._ruled(path, rules()[family]) == part


def test_a_known_class_is_found_inside_a_wrapper():
    kind = type(SEGFORMER, (torch.nn.Module,), {})
    inner = kind()
    inner.decode_head = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1))
    outer = torch.nn.Sequential(torch.nn.Sequential(inner))
    found = parts(outer)
    assert found["0.0.decode_head.0"] == "decoder"
    assert found[""] == found["0"] == found["0.0"] == OTHER


def test_an_unknown_model_has_its_own_children_as_parts():
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.ReLU())
            self.head = torch.nn.Conv2d(4, 2, 1)

    wrapped = torch.nn.Sequential(Net())
    assert parts(wrapped) == {
        "": OTHER,
        "0": OTHER,
        "0.backbone": "backbone",
        "0.backbone.0": "backbone",
        "0.backbone.1": "backbone",
        "0.head": "head",
    }
    assert parts(torch.nn.Conv2d(1, 1, 1)) == {"": OTHER}


def test_an_operator_of_an_exported_graph_has_the_part_of_the_modules_around_it():
    scopes = ["", "model", "model.decode_head", "model.decode_head.classifier", "conv2d"]
    classes = [
        "bench.NamedOutputs",
        f"transformers.{SEGFORMER}",
        "a.Head",
        "b.Conv2d",
        "aten.conv2d",
    ]
    assert part_of_scopes(scopes, classes) == "heads"
    assert part_of_scopes(scopes, ["a", "b", "c", "d", "e"]) is None
