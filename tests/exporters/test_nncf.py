"""Skipped where the extra isn't installed; the session `tests` installs it."""

import warnings

import numpy as np
import pytest

from bench.errors import BadInput, Unsupported
from bench.exporters.base import Validation
from bench.exporters.nncf import NncfAccuracyStep, NncfStep, NncfWeightsStep
from bench.exporters.notes import read_note
from tests.exporters.made import adopted, job

openvino = pytest.importorskip("openvino")
pytest.importorskip("nncf")
RNG = np.random.default_rng(0)
IMAGES = tuple(RNG.random((1, 3, 32, 64), np.float32) for _ in range(3))


def made(step, of, out, before, **more):
    """Types of the constants, and the outputs of the first image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, about its own imports
        step().make(job(of, out, before, **more))
    model = openvino.Core().read_model(out / "model.xml")
    constants = (op for op in model.get_ops() if op.get_type_name() == "Constant")
    kinds = {op.get_output_element_type(0).get_type_name() for op in constants}
    return kinds, openvino.compile_model(model, "CPU")([IMAGES[0]])[0]


def plain(before):
    return openvino.compile_model(str(before / "model.onnx"), "CPU")([IMAGES[0]])[0]


@pytest.mark.parametrize("options", [{"preset": "mixed", "smooth_quant_alpha": 0.5}])
def test_an_nncf_graph_is_close_and_holds_int8(tmp_path, options):
    of, before = adopted(tmp_path)
    kinds, found = made(
        NncfStep, of, tmp_path / "int8", before, calibration=IMAGES, options=options
    )
    assert "i8" in kinds
    want = plain(before)
    assert 0 < np.linalg.norm(found - want) < 0.1 * np.linalg.norm(want)
    with pytest.raises(BadInput, match="Begin with the step `onnx`"):
        NncfStep().make(job(of, tmp_path / "none"))


def test_weights_alone_become_integers_that_the_note_counts(tmp_path):
    of, before = adopted(tmp_path)
    kinds, found = made(NncfWeightsStep, of, tmp_path / "w", before)
    want = plain(before)
    assert "u8" in kinds
    assert 0 < np.linalg.norm(found - want) < 0.05 * np.linalg.norm(want)
    note = read_note(tmp_path / "w")
    assert (note.model, note.input, note.outputs) == ("model.xml", "picture", {"scores": "logits"})


@pytest.mark.parametrize("step", [NncfStep, NncfWeightsStep])
def test_what_is_excluded_stays_in_floating_point(tmp_path, step):
    of, before = adopted(tmp_path, named="/head/scores/Conv_0")
    options = {"exclude": ["head"]}
    kinds, found = made(step, of, tmp_path / "o", before, calibration=IMAGES, options=options)
    assert not kinds & {"i8", "u8"}
    np.testing.assert_array_equal(found, plain(before))


@pytest.mark.parametrize(
    ("step", "options"),
    [
        (NncfStep, {"model_type": "rnn"}),
        (NncfStep, {"preset": "best"}),
        (NncfStep, {"smooth_quant_alpha": 2}),
        (NncfWeightsStep, {"mode": "int2"}),
        (NncfWeightsStep, {"mode": "int4_sym", "group_size": 0}),
    ],
)
def test_a_value_that_can_not_be_is_refused(tmp_path, step, options):
    of, before = adopted(tmp_path)
    with pytest.raises(BadInput, match=r"can't be\. It takes"):
        step().make(job(of, tmp_path / "o", before, calibration=IMAGES, options=options))


@pytest.mark.parametrize(("told", "kept"), [((0.9, 0.895, 0.9), True), ((0.9, 0.4, 0.9), False)])
def test_layers_return_to_floating_point_where_the_metric_falls(tmp_path, told, kept):
    """The metric of the graph as it was, of the quantized one, and then of those with layers taken back."""
    of, before = adopted(tmp_path)
    asked = iter((*told, *[told[-1]] * 9))

    def judge(outputs):
        found = dict(outputs)
        assert all(o["logits"].shape == (1, 4, 32, 64) for o in found.values())
        whole = next(asked) if len(found) == len(IMAGES) else 0.1  # NNCF tries one image first
        return whole, [whole] * len(found)

    more = {"calibration": IMAGES, "validation": Validation(IMAGES, judge)}
    kinds, _ = made(NncfAccuracyStep, of, tmp_path / "o", before, **more)
    assert ("i8" in kinds) == kept


def test_seeded_weights_have_no_accuracy_to_control(tmp_path):
    of, before = adopted(tmp_path)
    with pytest.raises(Unsupported, match="no accuracy to control"):
        NncfAccuracyStep().make(job(of, tmp_path / "o", before, calibration=IMAGES))
