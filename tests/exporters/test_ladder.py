"""Every path is real: the user's modules are exported by torch's own exporters."""

import numpy as np
import pytest
import torch

from bench.errors import ExportFailed, UnknownName, WeightsError
from bench.exporters import ladder
from bench.exporters.gather import gathered
from bench.exporters.notes import read_note
from bench.exporters.onnx import OnnxStep
from bench.exporters.torchscript import TorchScriptStep
from bench.record.rung import Rung
from bench.suite.model import Model
from tests import small
from tests.exporters.made import job

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated


def asked(of, out, **options):
    """Job that exports the user's own module."""
    model = Model(name=of, loader="callable", source="code", location=f"tests.exporters.nets:{of}")
    return job(model, out, allow_code=True, options=options)


def programs(of, tmp_path):
    return ladder.programs(asked(of, tmp_path / "out"), torch.zeros(1, 3, 8, 8))


def test_a_model_that_exports_takes_the_first_path_alone(tmp_path):
    (module, program), rungs = ladder.climb(programs("plain", tmp_path))
    assert [(r.name, r.ok, r.message) for r in rungs] == [("export", True, "")]
    x = torch.rand(1, 3, 8, 8)
    np.testing.assert_allclose(program.module()(x)[0].detach(), module(x)[0].detach(), rtol=1e-5)


def test_a_failed_path_tells_module_line_and_reason_and_the_next_is_taken(tmp_path):
    _, rungs = ladder.climb(programs("from_numpy", tmp_path))
    first, second = rungs
    assert (first.name, first.ok, first.module) == ("export", False, "blocks.0")
    assert "numpy" in first.message
    assert "(nets.py, line " in first.message
    assert (second.name, second.ok) == ("strict", True)


def test_where_all_fail_the_error_holds_every_path(tmp_path):
    with pytest.raises(ExportFailed, match=r"None of 4 .* 'export', fails in blocks.0: ") as e:
        ladder.climb(programs("branch", tmp_path))
    rungs = [Rung(**each) for each in e.value.rungs]
    assert [r.name for r in rungs] == ["export", "strict", "eager-attention", "gather"]
    assert not any(r.ok for r in rungs)
    assert rungs[2].message.startswith("not tried: the model has no attention")


def test_an_option_names_one_path_alone(tmp_path):
    with pytest.raises(ExportFailed, match=r"The path, 'strict', fails"):
        ladder.climb(programs("branch", tmp_path), "strict")
    with pytest.raises(
        UnknownName, match=r"no export path called 'strickt'. Did you mean 'strict'"
    ):
        ladder.climb(programs("branch", tmp_path / "b"), "strickt")


def test_what_is_wrong_with_the_weights_is_told_at_once(tmp_path):
    def lacks():
        raise WeightsError("The weights lack 3 tensors.")

    with pytest.raises(WeightsError, match="lack 3 tensors"):
        ladder.climb({"export": lacks, "strict": lambda: "made"})


def test_an_operator_without_a_counterpart_is_named():
    def fails():
        why = RuntimeError("No ONNX function found for <OpOverload(op='aten.linalg_eig'>.\nMore.")
        raise ValueError("Failed to convert") from why

    with pytest.raises(ExportFailed, match=r"at aten.linalg_eig: No ONNX function found"):
        ladder.climb({"export": fails})


def test_attention_is_replaced_where_the_model_has_another():
    class Attends(torch.nn.Module):
        class config:  # noqa: N801 - transformers' name
            _attn_implementation = "sdpa"

        def set_attn_implementation(self, name):
            self.config._attn_implementation = name

    module = torch.nn.Sequential(Attends())
    assert ladder.eager(module) is module
    assert module[0].config._attn_implementation == "eager"
    with pytest.raises(ValueError, match="not tried"):
        ladder.eager(module)


def test_onnx_falls_back_to_a_trace_that_holds_one_branch(tmp_path):
    out = tmp_path / "out"
    OnnxStep().make(asked("branch", out, path="trace"))
    (rung,) = read_note(out).rungs
    assert (rung.name, rung.ok) == ("trace", True)
    assert (out / "model.onnx").is_file()


def test_torchscript_writes_grid_sample_as_gathers(tmp_path):
    x = torch.rand(1, 3, *small.SIZE)
    found = {}
    for path in ("trace", "gather"):
        out = tmp_path / path
        TorchScriptStep().make(asked("grid", out, path=path))
        graph = torch.jit.load(out / "model.pt")
        found[path] = graph(x)[0], "grid_sampler" in str(graph.inlined_graph)
    assert (found["trace"][1], found["gather"][1]) == (True, False)
    np.testing.assert_allclose(found["gather"][0], found["trace"][0], rtol=1e-4, atol=1e-6)


def test_the_rewriting_ends_with_its_context():
    before = torch.nn.functional.grid_sample
    with gathered():
        assert torch.nn.functional.grid_sample is not before
    assert torch.nn.functional.grid_sample is before


def test_what_a_step_before_tried_is_not_told_again(tmp_path):
    first = tmp_path / "first"
    TorchScriptStep().make(asked("plain", first))
    assert read_note(first).rungs
    after = job(small.model(tmp_path / "x.onnx"), tmp_path / "second", previous=first)
    assert after.before()[1].rungs == ()
