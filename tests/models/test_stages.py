import torch

from bench.models.named import NamedOutputs
from bench.models.stages import PREFIX, Staged, first, stages, tapped
from tests.exporters.nets import Plain

X = torch.rand(1, 3, 4, 6)


class Mask2FormerForUniversalSegmentation(torch.nn.Module):
    """Modules at the paths of the real one: two stages, one of them called twice."""

    def __init__(self):
        super().__init__()
        encoder = torch.nn.Module()
        encoder.layers = torch.nn.ModuleList([torch.nn.ReLU(), torch.nn.Sigmoid()])
        self.model = torch.nn.Module()
        self.model.pixel_level_module = torch.nn.Module()
        self.model.pixel_level_module.encoder = encoder
        self.class_predictor = torch.nn.Tanh()

    def forward(self, x):
        first, second = self.model.pixel_level_module.encoder.layers
        x = first(x)
        return self.class_predictor(first(second(x) + 1))


def test_a_stage_is_its_last_call_and_heads_are_none():
    model = Mask2FormerForUniversalSegmentation()
    layers = "model.pixel_level_module.encoder.layers"
    assert stages(model, X) == {
        "backbone.stage2": f"{layers}.1",
        "backbone.stage1": f"{layers}.0",
    }
    with tapped(model, X) as seen:
        model(X)
    assert torch.equal(seen["backbone.stage1"], torch.sigmoid(X) + 1)
    model(X - 1)
    assert torch.equal(seen["backbone.stage1"], torch.sigmoid(X) + 1)


def test_outputs_of_stages_follow_the_models_own():
    module = NamedOutputs(Plain().eval(), ("logits",))
    want = module(X)[0], module.model.stem(X)
    staged = Staged(module, X)
    assert staged.output_names == ("logits", PREFIX + "stem")
    for _ in range(2):
        found = staged(X)
        assert all(torch.equal(a, b) for a, b in zip(found, want, strict=False))
        assert len(found) == 2


def test_the_first_tensor_of_what_a_module_returns():
    whole, wanted = torch.zeros(1, dtype=torch.int64), torch.ones(2)
    assert first({"a": None, "b": (whole, [wanted])}) is wanted
    assert first((None, whole)) is None
    assert first("text") is None
