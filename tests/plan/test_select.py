import pytest

from bench import registry
from bench.devices.cuda import CudaDevice
from bench.errors import BadInput, CodeRefused
from bench.plan import select
from bench.suite.model import Model
from tests import builders, small


def cases(*slugs):
    return [builders.case(s) for s in slugs]


def test_only_is_a_glob_that_crosses_slashes():
    all_of = cases("torch-fp32", "torch-fp16", "onnx-onnxruntime-fp32")
    assert list(select.select(all_of, None)) == all_of
    assert [c.variant.slug for c in select.select(all_of, "*fp32*")] == [
        "torch-fp32", "onnx-onnxruntime-fp32",
    ]  # fmt: skip
    assert len(select.select(all_of, "micro/*/scenes")) == 3
    with pytest.raises(BadInput, match=r"--only 'micro'.*ids look like 'micro/torch-fp32"):
        select.select(all_of, "micro")


def test_what_this_machine_can_run_has_no_reason():
    assert select.skip_reason(builders.case(target=small.CPU)) == ""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"target": builders.target("cuda", device="cuda", threads=1)}, "needs cuda: "),
        ({"variant": builders.variant("torch-int8")}, "no int8 form"),
        ({"variant": builders.variant("torch-tf32")}, "NVIDIA GPUs only"),
        ({"model": small.model("x.onnx")}, "conv is an ONNX file"),
    ],
)
def test_what_it_cannot_run_has_one(change, said, monkeypatch):
    # So that it says the same on a machine with a GPU.
    monkeypatch.setattr(CudaDevice, "available", lambda self: "no GPU")
    assert said in select.skip_reason(builders.case(**{"target": small.CPU, **change}))


def test_a_missing_runtime_names_the_command_that_installs_it(monkeypatch):
    real = registry.version
    monkeypatch.setattr(registry, "version", lambda d: None if d == "openvino" else real(d))
    reason = select.skip_reason(builders.case(variant=small.OPENVINO, target=small.CPU))
    assert reason == "openvino isn't installed: python -m pip install openvino"


def test_code_needs_leave():
    code = Model(name="mine", loader="callable", source="code", location="mine:build")
    select.refuse_code([builders.case()], allow_code=False)
    select.refuse_code([builders.case(model=code)], allow_code=True)
    with pytest.raises(CodeRefused, match=r"'mine'.*'mine:build'.*--allow-code"):
        select.refuse_code([builders.case(), builders.case(model=code)], allow_code=False)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_only_measured_rows_stand(status):
    assert not select.stands(builders.result(status=status), builders.case())


def test_an_option_that_nobody_knows_is_refused():
    select.refuse_options([builders.case(variant=small.ORT), builders.case(variant=small.INT8)])
    typo = builders.variant("torch-bf16-autocast").model_copy(update={"options": {"autocas": True}})
    with pytest.raises(BadInput, match=r"no option 'autocas'\. Did you mean 'autocast'\?"):
        select.refuse_options([builders.case(variant=typo)])
    step = small.DYNAMIC.steps[-1].model_copy(update={"options": {"operator": ["MatMul"]}})
    odd = small.DYNAMIC.model_copy(update={"steps": (*small.DYNAMIC.steps[:-1], step)})
    with pytest.raises(BadInput, match=r"exporter 'ort-int8-dynamic' has no option 'operator'"):
        select.refuse_options([builders.case(variant=odd)])
