"""int8 by PT2E: an exported program with quantize and dequantize nodes, ranges from calibration images."""

import warnings
from typing import Any

from bench.errors import BadInput
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note
from bench.exporters.program import FILE, read

QUANTIZERS = ("x86_inductor", "xnnpack")


class Pt2eStep(ExportStep):
    """`prepare_pt2e`, calibration, `convert_pt2e`, by the quantizer of the runtime that follows.

    `quantizer` is x86_inductor or xnnpack; weights are quantized by channel.
    """

    needs = ("torch", "torchao")
    calibrates = True
    options = ("quantizer",)

    def make(self, job: ExportJob) -> None:
        """Write model.pt2 with the quantized graph, its weights still float."""
        import torch
        from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

        torch.set_num_threads(job.threads)
        source, note = job.before()
        inputs = [torch.from_numpy(x) for x in job.calibration]
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            prepared = prepare_pt2e(read(source).module(), _quantizer(job))
            for x in inputs:
                prepared(x)
            converted = convert_pt2e(prepared)
            program = torch.export.export(converted, (inputs[0],))
            torch.export.save(program, job.out / FILE)
        int8 = sum(t.numel() for t in program.state_dict.values() if t.dtype == torch.int8)
        write_note(job.out, note.quantized(FILE, int8))


def _quantizer(job: ExportJob) -> Any:
    """The quantizer of a runtime, for all that it can quantize."""
    name = str(job.options.get("quantizer", "x86_inductor"))
    if name == "x86_inductor":
        from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer as x86

        quantizer = x86.X86InductorQuantizer()
        return quantizer.set_global(x86.get_default_x86_inductor_quantization_config())
    if name == "xnnpack":
        from executorch.backends.xnnpack.quantizer import xnnpack_quantizer as xnnpack

        settings = xnnpack.get_symmetric_quantization_config(is_per_channel=True)
        return xnnpack.XNNPACKQuantizer().set_global(settings)
    raise BadInput(f"There is no quantizer {name!r}.", f"Known: {', '.join(QUANTIZERS)}.")
