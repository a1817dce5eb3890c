"""Counts parameters and MACs of the blocks of an artifact: what a quantizer can be told to leave out."""

from bench.errors import CaseFailed
from bench.exporters.notes import read_note
from bench.jobs.base import Say
from bench.jobs.measure import BlocksJob, BlocksReport
from bench.measure.work import graph
from bench.models.nodes import namer


def run(job: BlocksJob, say: Say) -> BlocksReport:
    """Blocks under the names that `exclude` takes.

    Raises:
        CaseFailed: the artifact is no ONNX graph, or has no blocks that could be told apart.
    """
    say("blocks", 0, 1)
    folder = job.folder
    path = folder / read_note(folder).model if folder else None
    if path is None or path.suffix != ".onnx":
        raise CaseFailed(
            f"The parts of {job.case.variant.name!r} are unknown: its recipe has no ONNX graph.",
            "Begin the recipe with the step `onnx`.",
        )
    import onnx

    name = namer(onnx.load(path, load_external_data=False).graph.node)
    bands = job.case.model.pixels.bands
    found = graph.count(path, job.case.protocol.batch_size, job.size, bands, name)
    if found.absent:
        raise CaseFailed(f"The graph's work can't be counted: {found.absent}.")
    return BlocksReport(blocks=tuple(p for p in found.parts if p.macs and p.parameters))
