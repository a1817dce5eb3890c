"""AOTInductor: an exported program compiled into a shared library, which needs no Python to run."""

import warnings

from bench.devices import machine
from bench.errors import BadInput
from bench.exporters.base import ExportJob, ExportStep
from bench.exporters.notes import write_note
from bench.exporters.program import FILE, read

DEVICES = ("cpu", "cuda")


class AotiStep(ExportStep):
    """`torch._inductor.aoti_compile_and_package`, weights folded into the layout that kernels want.

    `device = "cuda"` moves the program there first, on a machine that has it.
    """

    needs = ("torch",)
    options = ("device",)

    def lacks(self) -> str:
        """Empty, or that there is no C++ compiler."""
        return machine.lacks_compiler()

    def make(self, job: ExportJob) -> None:
        """Write model.pt2 with the compiled library."""
        import torch
        from torch._inductor import aoti_compile_and_package

        torch.set_num_threads(job.threads)
        source, note = job.before()
        program = read(source)
        device = str(job.options.get("device", "cpu"))
        if device not in DEVICES:
            raise BadInput(f"Nothing is compiled for {device!r}.", "cpu or cuda.")
        if device != "cpu":
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, device)
        # Left alone, the number of threads at compile time is written into the code.
        settings = {"cpp.dynamic_threads": True, "freezing": True}
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            aoti_compile_and_package(
                program, package_path=str(job.out / FILE), inductor_configs=settings
            )
        write_note(job.out, note.model_copy(update={"model": FILE}))
