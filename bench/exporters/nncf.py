"""OpenVINO IR quantized by NNCF: weights and activations in int8, or weights alone in 8 or 4 bits."""

import logging
from collections.abc import Iterable
from math import prod
from typing import Any

from bench.errors import Unsupported
from bench.exporters import scope
from bench.exporters.base import ExportJob, ExportStep, Memory, option
from bench.exporters.notes import write_note

FILE = "model.xml"
BITS = {"i8": 8, "u8": 8, "i4": 4, "u4": 4}
"""Integer types of weights -> bits."""
_NEEDS = ("openvino", "nncf")
_MODES = ("int8_asym", "int8_sym", "int4_asym", "int4_sym")
SMALLEST_GROUP = 4
"""Weights that share a scale at least, where the channels aren't a multiple of the group's size."""


class NncfStep(ExportStep):
    """`nncf.quantize`; ranges from calibration images.

    Options: `model_type` (transformer, plain), `preset` (performance = symmetric activations, mixed =
    asymmetric ones), `smooth_quant_alpha` (0 to 1, of matrix products; false = off) and `exclude`.
    """

    needs = _NEEDS
    memory = Memory(0.8, 1.7, 12.0)
    calibrates = True
    options = ("model_type", "preset", "smooth_quant_alpha", scope.OPTION)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin with FakeQuantize and int8 weights."""
        import nncf

        settings, advanced = _settings(job), _advanced(job)
        model, ignored = _read(job)
        quantized = nncf.quantize(
            model,
            _fed(job),
            ignored_scope=ignored,
            advanced_parameters=advanced,
            **settings,
        )
        _save(job, quantized)


class NncfAccuracyStep(ExportStep):
    """`nncf.quantize_with_accuracy_control`: returns layers to floating point until the task's metric is kept.

    Options: those of `nncf-int8`, and `max_drop`, the metric's largest loss on the validation images of
    the calibration set (0.01 = a point).
    """

    needs = _NEEDS
    memory = Memory(0.8, 1.7, 12.0)
    calibrates = True
    validates = True
    options = (*NncfStep.options, "max_drop")

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin with FakeQuantize and int8 weights."""
        import nncf

        validation = job.validation
        if validation is None:
            raise Unsupported(
                f"Model {job.model.name!r} has no accuracy to control: {job.model.unjudged}."
            )
        settings, advanced = _settings(job), _advanced(job)
        outputs = job.before()[1].outputs
        drop = option(job, "max_drop", 0.01, lambda v: isinstance(v, float) and 0 < v < 1, "0 to 1")

        def judge(compiled: Any, items: Iterable[Any]) -> tuple[float, list[float]]:
            request = compiled.create_infer_request()

            def named(item: tuple[int, Any]) -> tuple[int, dict[str, Any]]:
                raw = request.infer([item[1]])
                return item[0], {name: raw[graph].copy() for graph, name in outputs.items()}

            return validation.judge(map(named, items))

        model, ignored = _read(job)
        quantized = nncf.quantize_with_accuracy_control(
            model,
            calibration_dataset=_fed(job),
            validation_dataset=nncf.Dataset(list(enumerate(validation.inputs))),
            validation_fn=judge,
            max_drop=drop,
            ignored_scope=ignored,
            advanced_quantization_parameters=advanced,
            **settings,
        )
        _save(job, quantized)


class NncfWeightsStep(ExportStep):
    """`nncf.compress_weights`: integers in the file, made floating point again where they are used.

    Options: `mode` (int8_asym, int8_sym, int4_asym, int4_sym), `group_size` (weights that share a scale, of
    4 bits; -1 = a whole channel) and `exclude`. Kernels of convolutions have 8 bits in any mode.
    """

    needs = _NEEDS
    options = ("mode", "group_size", scope.OPTION)

    def make(self, job: ExportJob) -> None:
        """Write model.xml and model.bin with integer weights."""
        import nncf

        mode = option(job, "mode", _MODES[0], lambda v: v in _MODES, ", ".join(_MODES))
        more: dict[str, Any] = {}
        if mode.startswith("int4"):
            size = option(job, "group_size", 64, lambda v: type(v) is int and (v == -1 or v >= SMALLEST_GROUP), f"-1, or {SMALLEST_GROUP} and more")  # fmt: skip
            fallback = nncf.AdvancedCompressionParameters(
                group_size_fallback_mode=nncf.GroupSizeFallbackMode.ADJUST,
                min_adjusted_group_size=SMALLEST_GROUP,
            )
            more = {"group_size": size, "all_layers": True, "advanced_parameters": fallback}
        model, ignored = _read(job)
        quantized = nncf.compress_weights(
            model, mode=nncf.CompressWeightsMode(mode), ignored_scope=ignored, **more
        )
        _save(job, quantized)


def _read(job: ExportJob) -> tuple[Any, Any]:
    """Graph of the step before, and its nodes that stay in floating point; None where nothing is excluded."""
    import nncf
    import openvino

    source, _ = job.before()
    nncf.set_log_level(logging.ERROR)
    nodes = scope.chosen(source, scope.asked(job))
    # Unlike convert_model, read_model computes nothing that compile_model computes anyway.
    model = openvino.Core().read_model(source)
    if not nodes:
        return model, None
    names = [op.get_friendly_name() for op in model.get_ops() if op.get_type_name() != "Constant"]
    return model, nncf.IgnoredScope(names=scope.matching(names, nodes), validate=False)


def _settings(job: ExportJob) -> dict[str, Any]:
    """What both ways to quantize activations take."""
    import nncf

    kinds = {"transformer": nncf.ModelType.TRANSFORMER, "plain": None}
    kind = option(job, "model_type", "transformer", lambda v: v in kinds, ", ".join(kinds))
    presets = {p.value: p for p in nncf.QuantizationPreset}
    preset = option(job, "preset", None, lambda v: v in presets, ", ".join(presets))
    return {
        "subset_size": len(job.calibration),
        "model_type": kinds[kind],
        "preset": presets.get(preset),
    }


def _advanced(job: ExportJob) -> Any:
    """SmoothQuant's strength for matrix products, where the option sets it."""
    import nncf

    fits = lambda v: v is False or (type(v) in {int, float} and 0 <= v <= 1)  # noqa: E731
    alpha = option(job, "smooth_quant_alpha", None, fits, "0 to 1, or false")
    if alpha is None:
        return None
    alphas = nncf.AdvancedSmoothQuantParameters(matmul=-1 if alpha is False else alpha)
    return nncf.AdvancedQuantizationParameters(smooth_quant_alphas=alphas)


def _fed(job: ExportJob) -> Any:
    import nncf

    name = job.before()[1].input
    return nncf.Dataset(list(job.calibration), lambda x: {name: x})


def _save(job: ExportJob, model: Any) -> None:
    """Write the graph, weights as they are, and its note."""
    import openvino

    _, note = job.before()
    # The default would silently halve what isn't quantized.
    openvino.save_model(model, job.out / FILE, compress_to_fp16=False)
    write_note(job.out, note.quantized(FILE, integer_weights(model)))


def integer_weights(model: Any) -> dict[int, int]:
    """Bits -> number of weights of matrix products and convolutions that are stored with so many."""
    found: dict[int, int] = {}
    for op in model.get_ops():
        # NNCF names the zero point of a channel or a group after its weights.
        if op.get_type_name() == "Constant" and not op.get_friendly_name().endswith("/zero_point"):
            bits = BITS.get(op.get_output_element_type(0).get_type_name())
            shape = op.get_output_shape(0)
            if bits and len(shape) >= 2:
                found[bits] = found.get(bits, 0) + prod(shape)
    return found
