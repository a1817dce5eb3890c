from __future__ import annotations

import pytest

from bench.exporters.notes import ArtifactNote, write_note
from bench.jobs.measure import FitsJob
from bench.measure import memory
from bench.measure.steps import fits
from bench.record.base import Absent
from tests import small


def test_a_call_goes_the_whole_way_at_its_batch_and_size(tmp_path, monkeypatch):
    artifact = tmp_path / "artifacts" / "a"
    small.conv_graph(artifact / "model.onnx", batch=3, size=(16, 48))
    note = ArtifactNote(model="model.onnx", input="picture", outputs={"scores": "logits"})
    write_note(artifact, note)
    protocol = small.QUICK.model_copy(update={"batch_size": 3})
    block = small.block(
        small.model(tmp_path / "conv.onnx"),
        small.folder(small.pictures(tmp_path / "pictures")),
        protocol=protocol,
    )
    (case,) = small.suite(block).expand()
    seen = []
    real = fits.load_case

    def opened(job, variant):
        loaded, opening = real(job, variant)
        infer, post = loaded.infer, loaded.postprocess
        loaded.infer = lambda x: seen.append(x.shape) or infer(x)
        loaded.postprocess = lambda *a: seen.append(a[2]) or post(*a)
        return loaded, opening

    monkeypatch.setattr(fits, "load_case", opened)
    job = FitsJob(case=case, cache=str(tmp_path), size=(16, 48), artifact="a")
    found = fits.run(job, lambda *words: None)
    assert seen == [(3, 3, 16, 48), *[(16, 48)] * 3] * fits.CALLS
    assert found.peak_bytes >= memory.resident() * 0.5
    assert found.why == ""


@pytest.mark.parametrize(
    ("process", "reserved", "found"),
    [(7, 5, 7), (Absent(reason="no NVML"), 5, 5), (7, Absent(reason="no torch"), 7)],
)
def test_a_gpus_memory_is_the_larger_of_driver_and_allocator(process, reserved, found):
    kinds = {"gpu_allocated_peak": 99, "gpu_reserved_peak": reserved, "gpu_process": process}
    assert fits._gpu(kinds) == found


def test_a_gpu_that_tells_nothing_says_why():
    gone = Absent(reason="no NVML")
    assert fits._gpu({"gpu_reserved_peak": gone, "gpu_process": gone}) == gone
