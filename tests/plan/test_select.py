import pytest

from bench.devices import machine
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


def test_code_needs_leave():
    code = Model(name="mine", loader="callable", source="code", location="mine:build")
    select.refuse_code([builders.case()], allow_code=False)
    select.refuse_code([builders.case(model=code)], allow_code=True)
    with pytest.raises(CodeRefused, match=r"'mine'.*'mine:build'.*--allow-code"):
        select.refuse_code([builders.case(), builders.case(model=code)], allow_code=False)


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_only_measured_rows_stand(status):
    assert not select.stands(builders.result(status=status), builders.case(), machine.describe())


def test_an_option_that_nobody_knows_is_refused():
    select.refuse_options([builders.case(variant=small.ORT), builders.case(variant=small.INT8)])
    typo = builders.variant("torch-bf16-autocast").model_copy(update={"options": {"autocas": True}})
    with pytest.raises(BadInput, match=r"no option 'autocas'\. Did you mean 'autocast'\?"):
        select.refuse_options([builders.case(variant=typo)])
    step = small.DYNAMIC.steps[-1].model_copy(update={"options": {"operator": ["MatMul"]}})
    odd = small.DYNAMIC.model_copy(update={"steps": (*small.DYNAMIC.steps[:-1], step)})
    with pytest.raises(BadInput, match=r"exporter 'ort-int8-dynamic' has no option 'operator'"):
        select.refuse_options([builders.case(variant=odd)])
