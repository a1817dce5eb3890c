import onnx
import pytest

from bench.cli.model import with_model
from bench.errors import BadInput, UnknownName, WeightsError
from bench.suite.load import load_suite
from tests import small

REFERENCE = "onnx-onnxruntime-fp32"


@pytest.fixture
def suite():
    return load_suite("best")


def model_of(suite):
    (model,) = {b.model.name: b.model for b in suite.blocks}.values()
    return model


def test_a_shipped_model_takes_the_suites_place(suite):
    asked = with_model(suite, "segformer-micro", {})
    assert model_of(asked).name == "segformer-micro"
    assert asked.reference == suite.reference
    assert asked.halving == suite.halving
    big = with_model(suite, "mask2former-swin-large-cityscapes", {
        "mask2former-swin-large-cityscapes": "seed"
    })  # fmt: skip
    assert model_of(big).source == "seeded"


def test_a_file_is_a_model_by_what_its_graph_tells(tmp_path):
    small.write_suite(tmp_path)
    path = tmp_path / "my net.v2.onnx"
    small.conv_graph(path, size=(16, 48))
    asked = with_model(load_suite(tmp_path / "small.toml"), str(path), {})
    model = model_of(asked)
    assert (model.name, model.loader, model.location) == ("my-net.v2", "onnx", str(path))
    assert model.onnx.model_dump() == {
        "name": "picture", "height": 16, "width": 48, "logits": "scores",
    }  # fmt: skip
    assert model.classes == small.CLASSES
    assert asked.reference.slug == REFERENCE


def test_another_number_of_channels_is_refused_before_anything_runs(suite, tmp_path):
    path = small.conv_graph(tmp_path / "net.onnx")
    with pytest.raises(
        BadInput, match=r"net.onnx gives 4 channels, and .* 'scenes' has 19 classes"
    ):
        with_model(suite, str(path), {})


def test_folders_and_hub_ids_are_models(suite, tmp_path):
    folder = model_of(with_model(suite, str(tmp_path), {}))
    assert (folder.source, folder.location) == ("folder", str(tmp_path.resolve()))
    hub = model_of(with_model(suite, "nvidia/segformer-b0", {}))
    assert (hub.source, hub.location, hub.name) == ("hub", "nvidia/segformer-b0", "segformer-b0")


def test_what_is_nothing_is_refused_with_the_nearest_name(suite):
    with pytest.raises(UnknownName, match=r"--model segformer-mikro: .*'segformer-micro'"):
        with_model(suite, "segformer-mikro", {})


def test_a_suite_of_several_models_takes_no_other():
    with pytest.raises(BadInput, match="'quickstart' has 2 models, mask2former-micro and segf"):
        with_model(load_suite("quickstart"), "segformer-micro", {})


def test_a_graph_that_leaves_its_size_open_takes_the_protocols(tmp_path):
    suite = load_suite(small.write_suite(tmp_path))
    path = small.conv_graph(tmp_path / "net.onnx")
    graph = onnx.load(path)
    for axis in (2, 3):
        graph.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "side"
    onnx.save(graph, path)
    with pytest.raises(WeightsError, match=r"leaves its input's size open: picture \[1, 3, None"):
        with_model(suite, str(path), {})
    block = suite.blocks[0]
    sized = block.model_copy(
        update={"protocol": block.protocol.model_copy(update={"height": 64, "width": 128})}
    )
    asked = with_model(suite.model_copy(update={"blocks": (sized,)}), str(path), {})
    assert (model_of(asked).onnx.height, model_of(asked).onnx.width) == (64, 128)


def test_two_maps_are_one_too_many(suite, tmp_path):
    path = small.conv_graph(tmp_path / "net.onnx")
    graph = onnx.load(path)
    graph.graph.output.append(onnx.helper.make_tensor_value_info("conv", 1, [1, 4, 32, 64]))
    onnx.save(graph, path)
    with pytest.raises(WeightsError, match=r"2 maps among its outputs: scores .*conv") as e:
        with_model(suite, str(path), {})
    assert "Write a suite" in e.value.hint
