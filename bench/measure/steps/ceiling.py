"""What the machine itself can do: the largest product in each precision, and a triad's bandwidth.

The ceiling is what torch's own kernels reach here. Another runtime may have better kernels, for int8
above all; its share of this ceiling may then exceed 1, and is shown so.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench import registry
from bench.devices import machine
from bench.devices.base import Device
from bench.jobs.base import Say
from bench.jobs.measure import CeilingJob, CeilingReport
from bench.measure import counters
from bench.record.base import Absent, now
from bench.record.ceiling import Ceiling
from bench.registry import installed

PRECISIONS = ("fp32", "tf32", "bf16", "fp16", "int8")
FIRST = 256
"""Rows of the square matrices: doubled until a product takes `ENOUGH_S`, or to the device's largest."""
ENOUGH_S = 0.04
REPEATS, PATIENCE_S = 9, 0.8
"""Products a precision, fewer where they would take longer; at least three."""
CACHES = 4
"""Each array of the triad holds so many times the last-level cache (McCalpin's rule, STREAM)."""


def run(job: CeilingJob, say: Say) -> CeilingReport:
    """Ceiling of the case's device with its threads."""
    say("ceiling", 0, 1)
    device = registry.load("device", job.device)()
    return CeilingReport(ceiling=measure(device, job.threads))


def measure(device: Device, threads: int) -> Ceiling:
    """Ceiling of a device with so many threads; every repetition is kept. Some five seconds."""
    import torch

    torch.set_num_threads(threads)
    others = counters.foreign(Path("/"))
    before, began = _read(others), time.monotonic()
    gemm: dict[str, float | Absent] = {}
    samples: dict[str, tuple[float, ...]] = {}
    for precision in PRECISIONS:
        found = _gemm(precision, device)
        if isinstance(found, Absent):
            gemm[precision] = found
        else:
            gemm[precision] = median(found)
            samples[f"gemm.{precision}"] = found
    samples["bandwidth"] = _bandwidth(device)
    after, took = _read(others), time.monotonic() - began
    return Ceiling(
        machine=machine.describe(),
        device=device.name,
        threads=threads,
        gemm_flops=gemm,
        bandwidth_bytes_s=median(samples["bandwidth"]),
        samples=samples,
        foreign_cpu=None if before is None or after is None else (after - before) / 1e9 / took,
        versions={"torch": installed("torch")},
        measured=now(),
    )


def _read(counter: Callable[[], float] | Absent) -> float | None:
    return None if isinstance(counter, Absent) else counter()


def _gemm(precision: str, device: Device) -> tuple[float, ...] | Absent:
    """Operations a second of a large square product, each repetition; or why it can't be measured."""
    if reason := device.lacks(precision):
        return Absent(reason=reason)
    where = device.torch(tf32=precision == "tf32")
    try:
        size = FIRST
        product = _product(precision, size, where)
        took = min(_timed(product, device) for _ in range(3))
        while took < ENOUGH_S and size < device.largest_product:
            size *= 2
            product = _product(precision, size, where)
            took = min(_timed(product, device) for _ in range(2))
        repeats = max(3, min(REPEATS, int(PATIENCE_S / took)))
        # n^3 multiply-accumulates, two operations each.
        return tuple(2 * size**3 / _timed(product, device) for _ in range(repeats))
    except (RuntimeError, NotImplementedError) as e:
        text = (str(e).strip().splitlines() or [type(e).__name__])[0]
        return Absent(reason=f"torch can't multiply {precision} matrices here: {text[:200]}")


def _product(precision: str, size: int, device: Any) -> Callable[[], Any]:
    """Function that multiplies two square matrices into a third."""
    import torch

    generator = torch.Generator().manual_seed(0)
    if precision == "int8":
        shape = (size, size)
        a, b = (
            torch.randint(-127, 128, shape, dtype=torch.int8, generator=generator).to(device)
            for _ in range(2)
        )
        # Column by column, as cuBLAS wants its second factor, and as weights lie.
        columns = b.t()
        total = torch.empty(shape, dtype=torch.int32, device=device)
        return lambda: torch._int_mm(a, columns, out=total)  # noqa: SLF001 - the only way to int8
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision, torch.float32)
    # Small numbers: fp16 would overflow, and infinities may be multiplied at another pace.
    x, y = (
        (torch.randn(size, size, generator=generator) / size**0.5).to(device=device, dtype=dtype)
        for _ in range(2)
    )
    out = torch.empty(size, size, device=device, dtype=dtype)
    return lambda: torch.mm(x, y, out=out)


def _bandwidth(device: Device) -> tuple[float, ...]:
    """Bytes a second of the triad a = b + s c (McCalpin 1995); a write's first fetch isn't counted, as in STREAM."""
    import torch

    least, most = device.array_bytes
    size = min(max(CACHES * last_level_cache(), least), most, device.total_bytes() // 16)
    b, c = (torch.full((size // 4,), v, device=device.torch()) for v in (1.0, 2.0))
    a = torch.empty_like(b)

    def triad() -> object:
        return torch.add(b, c, alpha=3.0, out=a)

    took = min(_timed(triad, device) for _ in range(2))
    repeats = max(3, min(3 * REPEATS, int(PATIENCE_S / took)))
    return tuple(3 * a.nbytes / _timed(triad, device) for _ in range(repeats))


def last_level_cache(folder: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Bytes of the largest cache of the first processor; 32 MiB where the kernel doesn't tell."""
    units = {"K": 2**10, "M": 2**20, "G": 2**30}
    found = []
    for path in folder.glob("index*/size"):
        text = path.read_text().strip()
        if text[:-1].isdigit() and text[-1:] in units:
            found.append(int(text[:-1]) * units[text[-1]])
    return max(found, default=32 * 2**20)


def _timed(call: Callable[[], object], device: Device) -> float:
    """Seconds of a call, its device waited for."""
    device.synchronize()
    began = time.perf_counter()
    call()
    device.synchronize()
    return max(time.perf_counter() - began, 1e-9)
