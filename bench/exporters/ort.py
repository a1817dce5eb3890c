"""int8 for ONNX Runtime: dynamic, or static with QDQ nodes and ranges from calibration images."""

import logging
import tempfile
from pathlib import Path
from typing import Any

from bench.errors import Unsupported
from bench.exporters import scope
from bench.exporters.base import ExportJob, ExportStep, Memory, option
from bench.exporters.notes import int8_weights, write_note
from bench.models.nodes import fix_input, macs_of, tensors

FILE = "model.onnx"
OPERATORS = ("MatMul", "Gemm", "Conv")
"""quant_pre_process turns MatMul + Add into Gemm, so Gemm has to be named, too."""
LEAST = 0.05
"""Share of the multiply-accumulates that must become int8; below it the variant would be a copy of fp32."""


class OrtDynamicStep(ExportStep):
    """`quantize_dynamic`: weights int8, activations quantized at each call.

    Options: `operators` (MatMul and Gemm; Conv is possible), `per_channel` (of matrix products) and
    `exclude`. Convolutions become ConvInteger, whose weights are uint8 with one scale: ONNX Runtime has no
    other kernel on the processor that is fast.
    """

    needs = ("onnxruntime", "onnx")
    memory = Memory(0.1, 5.3)
    options = ("operators", "per_channel", scope.OPTION)

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with int8 weights."""
        from onnxruntime.quantization import QuantType, quantize_dynamic

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        operators = _operators(job, ("MatMul", "Gemm"))
        nodes = scope.chosen(source, scope.asked(job))
        _refuse_little(job, source, operators, nodes)
        products = [o for o in operators if o != "Conv"]
        passes = [(products, QuantType.QInt8), (["Conv"], QuantType.QUInt8)]
        wide = source.with_name(source.name + ".data").exists()
        with tempfile.TemporaryDirectory(dir=job.out) as scratch:
            for at, (kinds, weights) in enumerate(passes):
                if not set(kinds) & set(operators):
                    continue
                last = kinds == ["Conv"] or "Conv" not in operators
                target = job.out / FILE if last else Path(scratch) / f"{at}.onnx"
                quantize_dynamic(
                    source,
                    target,
                    op_types_to_quantize=kinds,
                    per_channel=_flag(job, "per_channel", default=True),
                    weight_type=weights,
                    nodes_to_exclude=sorted(nodes),
                    use_external_data_format=wide,
                )
                source = target
        write_note(job.out, note.quantized(FILE, {8: int8_weights(job.out / FILE)}))


class OrtStaticStep(ExportStep):
    """`quantize_static`, QDQ format.

    Options: `operators`, `per_channel`, `exclude`; `method`: minmax, entropy or percentile; of minmax
    `moving_average`, of percentile `percentile` (99.999).
    """

    needs = ("onnxruntime", "onnx")
    memory = Memory(0.1, 5.1, 0.8)
    calibrates = True
    options = ("operators", "per_channel", "method", "moving_average", "percentile", scope.OPTION)

    def make(self, job: ExportJob) -> None:
        """Write model.onnx with QDQ nodes."""
        import onnx
        from onnxruntime import quantization as ort
        from onnxruntime.quantization.shape_inference import quant_pre_process

        source, note = job.before()
        logging.getLogger().setLevel(logging.ERROR)
        feeds = ({note.input: x} for x in job.calibration)

        class _Reader(ort.CalibrationDataReader):  # type: ignore[misc]
            def get_next(self) -> dict[str, Any] | None:
                return next(feeds, None)

        methods = {m.name.lower(): m for m in ort.CalibrationMethod if m.name != "Distribution"}
        method = option(job, "method", "minmax", lambda v: v in methods, ", ".join(methods))
        nodes = scope.chosen(source, scope.asked(job))
        with tempfile.TemporaryDirectory(dir=job.out) as scratch:
            prepared = Path(scratch) / "prepared.onnx"
            quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
            names = [n.name for n in onnx.load(prepared, load_external_data=False).graph.node]
            ort.quantize_static(
                str(prepared),
                str(job.out / FILE),
                _Reader(),
                quant_format=ort.QuantFormat.QDQ,
                op_types_to_quantize=list(_operators(job, OPERATORS)) or None,
                per_channel=_flag(job, "per_channel", default=True),
                activation_type=ort.QuantType.QUInt8,
                weight_type=ort.QuantType.QInt8,
                nodes_to_exclude=scope.matching(names, nodes),
                calibrate_method=methods[method],
                extra_options=_ranges(job),
            )
        write_note(job.out, note.quantized(FILE, {8: int8_weights(job.out / FILE)}))


def _ranges(job: ExportJob) -> dict[str, Any]:
    """How ranges are found, in the words of ONNX Runtime."""
    # Ranges over a window of images are averaged, which one odd image can't spoil.
    found: dict[str, Any] = {"CalibMovingAverage": _flag(job, "moving_average", default=False)}
    share = option(job, "percentile", None, lambda v: type(v) in {int, float} and 50 < v <= 100, "50 to 100")  # fmt: skip
    return found if share is None else {**found, "CalibPercentile": share}


def _operators(job: ExportJob, default: tuple[str, ...]) -> tuple[str, ...]:
    fits = lambda v: isinstance(v, list | tuple) and all(isinstance(n, str) for n in v)  # noqa: E731
    return tuple(option(job, "operators", default, fits, 'names of operators: ["MatMul"]'))


def _flag(job: ExportJob, name: str, *, default: bool) -> bool:
    return bool(option(job, name, default, lambda v: isinstance(v, bool), "true or false"))


def _refuse_little(
    job: ExportJob, source: Path, operators: tuple[str, ...], excluded: frozenset[str]
) -> None:
    """Refuse a graph of which nearly nothing would become int8.

    Raises:
        Unsupported: less than `LEAST` of the multiply-accumulates lie in operators with constant weights
            that the recipe names.
    """
    import onnx

    model = onnx.load(source, load_external_data=False)
    fix_input(model, job.input_shape)
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    graph = inferred.graph
    known, constants = tensors(graph), {t.name for t in graph.initializer}
    sums = {True: 0, False: 0}
    for node in graph.node:
        macs = macs_of(node, known) or 0
        taken = node.op_type in operators and node.name not in excluded
        sums[taken and node.input[1] in constants] += macs
    share = sums[True] / max(1, sum(sums.values()))
    if share < LEAST:
        kinds = sorted({n.op_type for n in graph.node if macs_of(n, known)} - set(operators))
        raise Unsupported(
            f"ONNX Runtime's dynamic recipe would make {share:.1%} of the multiply-accumulates int8 "
            f"({', '.join(operators)}; the others are {', '.join(kinds)}), less than {LEAST:.0%}.",
            'A variant with operators = ["MatMul", "Gemm", "Conv"] quantizes convolutions: '
            "onnx-onnxruntime-int8-dynamic-conv.",
        )
