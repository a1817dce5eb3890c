import pytest
import torch

from bench.errors import Unsupported
from bench.jobs.measure import CeilingJob
from bench.measure import ceiling as measuring
from bench.measure.steps import ceiling
from tests import builders, measured


def job(device="cpu"):
    return CeilingJob(device=device, threads=2)


def test_the_payload_is_the_ceiling_of_the_jobs_device_and_threads(monkeypatch):
    machine = builders.environment().machine
    made = []

    def measure(device, threads):
        made.append((device.name, threads))
        return measured.ceiling(machine, device.name, threads)

    monkeypatch.setattr(measuring, "measure", measure)
    found = ceiling.run(job(), lambda *words: None)
    assert found.ceiling == measured.ceiling(machine)
    assert made == [("cpu", 2)]


def test_a_torch_without_cuda_cannot_measure_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="can't use the GPU"):
        ceiling.run(job("cuda"), lambda *words: None)
