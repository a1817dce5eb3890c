import pytest

torch = pytest.importorskip("torch")

from bench.errors import Unsupported  # noqa: E402
from bench.models.lean import lean  # noqa: E402
from bench.models.transformers import TransformersLoader  # noqa: E402
from tests import seeds  # noqa: E402

# Windows of 3 don't divide the maps, and every second layer shifts them.
ODD = {
    **seeds.MASK2FORMER,
    "backbone_config": {
        **seeds.MASK2FORMER["backbone_config"], "window_size": 3, "depths": [2, 2, 1, 1],
    },
}  # fmt: skip


def built(config, **options):
    return TransformersLoader().build(seeds.model("tiny", config), options=options)


# The last one's later stages are smaller than a window.
@pytest.mark.parametrize("shape", [(1, 64, 64), (2, 96, 160), (1, 32, 64)])
def test_a_lean_model_gives_the_same_numbers(shape):
    batch, *size = shape
    x = torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(1))
    module = built(ODD)
    with torch.inference_mode():
        for name, value in module.named_parameters():
            if name.endswith("bias"):  # untrained ones are 0, and would hide a lost one
                value.copy_(torch.rand(value.shape, generator=torch.Generator().manual_seed(2)))
        plain = module(x)
        lean(module)
        small = module(x)
    for a, b in zip(plain, small, strict=True):
        assert float((a - b).norm() / a.norm()) < 1e-5
    assert plain[0].std() > 0


def test_no_weight_is_kept_twice():
    count = [
        sum(p.numel() for p in built(seeds.MASK2FORMER, **o).parameters())
        for o in ({}, {"lean": True})
    ]
    assert count[0] == count[1]


def test_padding_is_not_projected():
    rows = []
    module = built(ODD, lean=True)
    for part in module.modules():
        if type(part).__name__ == "LeanSwinLayer":
            part.layer.attention.o_proj.register_forward_hook(
                lambda _, taken, __: rows.append(taken[0].shape[1])
            )
    module(torch.rand(1, 3, 96, 160))
    assert rows[0] == 96 // 4 * 160 // 4


def test_a_model_without_such_parts_is_refused_by_name():
    with pytest.raises(Unsupported, match="SegformerForSemanticSegmentation has no part"):
        built(seeds.SEGFORMER, lean=True)
    with pytest.raises(Unsupported, match="Linear has no part"):
        lean(torch.nn.Linear(1, 1))
