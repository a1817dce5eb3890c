import pytest

torch = pytest.importorskip("torch")

from bench.errors import BadInput, Unsupported  # noqa: E402
from bench.models.families.mask2former import Mask2Former  # noqa: E402
from bench.models.families.segformer import SegFormer  # noqa: E402
from bench.models.prune import prune  # noqa: E402
from bench.models.transformers import TransformersLoader  # noqa: E402
from tests import seeds  # noqa: E402

X = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def built(config=seeds.MASK2FORMER, **options):
    module = TransformersLoader().build(seeds.model("tiny", config), options=options)
    with torch.inference_mode():
        return module, module(X)


def test_the_first_queries_stay_and_their_count_is_that_of_the_outputs():
    module, (classes, masks) = built(queries=3)
    assert classes.shape[1] == masks.shape[1] == 3
    whole, _ = built()
    for name in ("queries_features", "queries_embedder"):
        kept, all_of_them = (
            getattr(m.model.model.transformer_module, name).weight for m in (module, whole)
        )
        assert torch.equal(kept, all_of_them[:3])


def test_a_decoder_without_its_last_layer_predicts_what_the_whole_one_does_before_it():
    module, (classes, masks) = built(decoder_layers=1)
    assert len(module.model.model.transformer_module.decoder.layers) == 1
    whole, _ = built()
    with torch.inference_mode():
        out = whole.model(pixel_values=X, output_auxiliary_logits=True)
    before = out.auxiliary_logits[-1]
    torch.testing.assert_close(masks, before["masks_queries_logits"])
    torch.testing.assert_close(classes, before["class_queries_logits"])


@pytest.mark.parametrize(
    ("options", "said"),
    [({"queries": 5}, "`queries` is 5. This model takes 1 to 4"), ({"decoder_layers": 0}, "1 to 2"),
     ({"queries": True}, "is True"), ({"attention": "flash"}, "no attention 'flash'")],
)  # fmt: skip
def test_values_that_a_model_cannot_have_are_named(options, said):
    with pytest.raises(BadInput, match=said):
        built(**options)


def test_a_family_without_queries_is_refused_by_name():
    with pytest.raises(Unsupported, match=r"SegformerFor.* has no queries to leave out"):
        prune(None, SegFormer(), {"queries": 4})
    prune(None, Mask2Former(), {})


@pytest.mark.parametrize("config", [seeds.MASK2FORMER, seeds.SEGFORMER], ids=["mask", "seg"])
def test_sdpa_is_another_way_to_the_same_numbers(config):
    module, outputs = built(config, attention="sdpa")
    found = {
        getattr(getattr(m, "config", None), "_attn_implementation", "") for m in module.modules()
    }
    assert "sdpa" in found
    for one, other in zip(outputs, built(config)[1], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
