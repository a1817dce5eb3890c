import pytest
import torch

from bench.devices.cpu import CpuDevice
from bench.devices.machine import describe
from bench.errors import Unsupported
from bench.jobs.measure import CeilingJob
from bench.measure.steps import ceiling
from bench.record.base import Absent
from bench.record.ceiling import Ceiling
from tests import builders, measured


@pytest.fixture
def small(monkeypatch):
    """A machine that is enough with products of 64 rows and arrays of a megabyte."""
    monkeypatch.setattr(ceiling, "FIRST", 32)
    monkeypatch.setattr(CpuDevice, "largest_product", 64)
    monkeypatch.setattr(ceiling, "PATIENCE_S", 0.001)
    monkeypatch.setattr(CpuDevice, "array_bytes", (2**18, 2**18))
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_every_repetition_is_kept_and_the_value_is_their_median(small):
    found = ceiling.measure(CpuDevice(), 1)
    assert (found.machine, found.device, found.threads) == (describe(), "cpu", 1)
    assert found.gemm_flops["tf32"] == Absent(reason="TF32 exists on NVIDIA GPUs only")
    values = {f"gemm.{k}": v for k, v in found.gemm_flops.items() if isinstance(v, float)}
    values["bandwidth"] = found.bandwidth_bytes_s
    assert {"gemm.fp32", "bandwidth"} <= set(values)
    assert set(found.samples) == set(values)
    for name, samples in found.samples.items():
        assert len(samples) >= 3
        assert values[name] == pytest.approx(sorted(samples)[len(samples) // 2], rel=0.9)
        assert all(s > 0 for s in samples)
    assert Ceiling.model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_what_others_did_meanwhile_is_noted(small, monkeypatch):
    clock, busy = iter([10.0, 14.0]), iter([1e9, 7e9])
    monkeypatch.setattr(ceiling, "_gemm", lambda *_: Absent(reason="not here"))
    monkeypatch.setattr(ceiling, "_bandwidth", lambda _: (1.0,))
    monkeypatch.setattr(ceiling.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(ceiling.counters, "foreign", lambda root: lambda: next(busy))
    found = ceiling.measure(CpuDevice(), 1)
    assert found.foreign_cpu == 1.5
    assert found.measured.endswith("Z")
    monkeypatch.undo()
    monkeypatch.setattr(ceiling, "_gemm", lambda *_: Absent(reason="not here"))
    monkeypatch.setattr(ceiling, "_bandwidth", lambda _: (1.0,))
    monkeypatch.setattr(ceiling.counters, "foreign", lambda root: Absent(reason="no /proc"))
    assert ceiling.measure(CpuDevice(), 1).foreign_cpu is None


def test_the_unit_is_two_operations_a_multiply_accumulate(small, monkeypatch):
    monkeypatch.setattr(ceiling, "_timed", lambda call, device: call() is not None and 0.5)
    assert set(ceiling._gemm("fp32", CpuDevice())) == {2 * 32**3 / 0.5}
    # Two arrays read and one written: STREAM's triad.
    assert set(ceiling._bandwidth(CpuDevice())) == {3 * 2**18 / 0.5}


def test_a_device_says_how_large_its_products_and_arrays_are(small, monkeypatch):
    class Accelerator(CpuDevice):
        name = "accelerator"
        largest_product = 128
        array_bytes = (2**17, 2**17)

    seen, real = [], ceiling._product
    monkeypatch.setattr(ceiling, "_product", lambda p, n, d: seen.append(n) or real(p, n, d))
    assert isinstance(ceiling._gemm("fp32", Accelerator()), tuple)
    assert max(seen) == 128
    monkeypatch.setattr(ceiling, "_timed", lambda call, device: call() is not None and 0.5)
    assert set(ceiling._bandwidth(Accelerator())) == {3 * 2**17 / 0.5}


def test_the_size_grows_until_a_product_takes_long_enough(small, monkeypatch):
    sizes = []

    def product(precision, size, device):
        sizes.append(size)
        return lambda: size

    monkeypatch.setattr(CpuDevice, "largest_product", 4096)
    monkeypatch.setattr(ceiling, "_product", product)
    monkeypatch.setattr(ceiling, "_timed", lambda call, device: (call() / 256) ** 3 * 0.01)
    ceiling._gemm("fp32", CpuDevice())
    assert sizes == [32, 64, 128, 256, 512]


def test_a_precision_that_torch_cannot_multiply_is_absent_with_its_words(small, monkeypatch):
    def refuse(*args):
        raise RuntimeError('"addmm" not implemented for Half\nstack')

    monkeypatch.setattr(ceiling, "_product", refuse)
    found = ceiling._gemm("fp16", CpuDevice())
    assert found.reason == (
        'torch can\'t multiply fp16 matrices here: "addmm" not implemented for Half'
    )


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_products_are_right(precision):
    out = ceiling._product(precision, 32, "cpu")()
    assert out.shape == (32, 32)
    assert out.dtype == (torch.int32 if precision == "int8" else torch.float32)
    assert out.count_nonzero() > 900


def test_the_largest_cache_counts(tmp_path):
    assert ceiling.last_level_cache(tmp_path) == 32 * 2**20
    for index, size in enumerate(("48K", "2048K", "36M", "?")):
        (tmp_path / f"index{index}").mkdir()
        (tmp_path / f"index{index}" / "size").write_text(f"{size}\n")
    assert ceiling.last_level_cache(tmp_path) == 36 * 2**20


def job(device="cpu"):
    return CeilingJob(device=device, threads=2)


def test_the_payload_is_the_ceiling_of_the_jobs_device_and_threads(monkeypatch):
    machine = builders.environment().machine
    made = []

    def measure(device, threads):
        made.append((device.name, threads))
        return measured.ceiling(machine, device.name, threads)

    monkeypatch.setattr(ceiling, "measure", measure)
    found = ceiling.run(job(), lambda *words: None)
    assert found.ceiling == measured.ceiling(machine)
    assert made == [("cpu", 2)]


def test_a_torch_without_cuda_cannot_measure_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="can't use the GPU"):
        ceiling.run(job("cuda"), lambda *words: None)
