"""Raw measurements for built records: label maps, their counts, samples, pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.record.base import Absent
from bench.record.ceiling import Ceiling
from bench.record.environment import Machine
from bench.record.gallery import AGREES, DIFFERS, UNLABELLED, GalleryMeasurement, Panel
from bench.record.memory import MemoryMeasurement
from bench.record.parity import OutputSums, ParityMeasurement
from bench.record.store import write_media
from bench.record.timing import Launch, TimingMeasurement
from bench.record.work import ComponentMeasurement, PartWork, WorkMeasurement
from bench.suite.classes import CITYSCAPES

VOID = 255
NAMES = tuple(c.name for c in CITYSCAPES)
PHASE_SHARE = {"decode": 0.08, "preprocess": 0.05, "forward": 0.8, "postprocess": 0.07}


def truths(images: int, size: tuple[int, int], classes: int, seed: int) -> np.ndarray:
    """Class indices, uint8 (N, H, W): blocks in random order, a few of them void."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, classes, (images, size[0] // 8, size[1] // 8)).astype(np.uint8)
    blocks[rng.random(blocks.shape) < 0.05] = VOID
    return blocks.repeat(8, axis=1).repeat(8, axis=2)


def flipped(labels: np.ndarray, share: float, classes: int, seed: int) -> np.ndarray:
    """The same labels, of which a share of pixels got another class (void stays void)."""
    rng = np.random.default_rng(seed)
    hit = (rng.random(labels.shape) < share) & (labels != VOID)
    other = (labels.astype(int) + rng.integers(1, classes, labels.shape)) % classes
    return np.where(hit, other, labels).astype(np.uint8)


def confusion_arrays(truth: np.ndarray, prediction: np.ndarray, classes: int) -> dict[str, Any]:
    """Arrays of a ConfusionMeasurement from maps (N, H, W); void becomes row and column C."""
    parts: list[tuple[int, int, int, int]] = []
    for i, (t, p) in enumerate(zip(truth, prediction, strict=True)):
        code = np.minimum(t, classes).astype(int) * (classes + 1) + np.minimum(p, classes)
        cells, counts = np.unique(code, return_counts=True)
        pairs = zip(cells.tolist(), counts.tolist(), strict=True)
        parts += [(i, c // (classes + 1), c % (classes + 1), n) for c, n in pairs]
    columns = np.array(parts, dtype=np.uint32).reshape(-1, 4).T
    return dict(zip(("image", "truth", "prediction", "count"), columns, strict=True))


def instance_arrays(truth: np.ndarray, prediction: np.ndarray) -> dict[str, Any]:
    """Arrays of an InstanceMeasurement: every 8 x 8 block of an instance class is an instance."""
    family = np.array([NAMES.index(next(d.name for d in CITYSCAPES if d.category == c.category))
                       for c in CITYSCAPES] + [VOID] * (256 - len(CITYSCAPES)))  # fmt: skip
    with_instances = {c.train_id for c in CITYSCAPES if c.has_instances}
    parts = []
    for i, y, x in np.ndindex(truth.shape[0], truth.shape[1] // 8, truth.shape[2] // 8):
        block = np.s_[i, y * 8 : y * 8 + 8, x * 8 : x * 8 + 8]
        label = int(truth[block][0, 0])
        if label in with_instances:
            seen = prediction[block]
            same = int((family[seen] == family[label]).sum())
            parts.append((i, label, seen.size, int((seen == label).sum()), same))
    columns = np.array(parts, dtype=np.uint32).reshape(-1, 5).T
    names = ("image", "class_index", "size", "hit", "category_hit")
    return dict(zip(names, columns, strict=True))


def timing(median_ms: float, iterations: int = 30, seed: int = 0) -> TimingMeasurement:
    """Samples around a median, with a thin upper tail; phases add up to nearly all of it."""
    rng = np.random.default_rng(seed)
    total = (median_ms * 1e6 * np.exp(rng.normal(0, 0.03, iterations))).astype(int)
    phases = {p: tuple((total * s * 0.995).astype(int).tolist()) for p, s in PHASE_SHARE.items()}
    launch = Launch(
        warmup_ns=(int(total[0]) * 3, int(total[0]) * 2),
        phases_ns=phases,
        end_to_end_ns=tuple(total.tolist()),
        stopped="iterations",
    )
    return TimingMeasurement(launches=(launch,))


def work(size: tuple[int, int] = (32, 64)) -> WorkMeasurement:
    """Counts of a small model: a backbone that computes and a head that mostly moves bytes."""
    parts = (
        PartWork(name="backbone.stage1", parameters=600_000, buffers=64,
                 bytes_by_dtype={"float32": 2_400_000, "int64": 512},
                 macs=900_000_000, bytes_moved=90_000_000),
        PartWork(name="heads", parameters=200_000, buffers=0,
                 bytes_by_dtype={"float32": 800_000}, macs=100_000_000, bytes_moved=110_000_000),
    )  # fmt: skip
    return WorkMeasurement(batch_size=1, height=size[0], width=size[1], parts=parts)


def components(forward_ms: float, calls: int = 6) -> ComponentMeasurement:
    """Two thirds of the time in the backbone; the instruments cost one part in fifty."""
    plain = [int(forward_ms * 1e6 * (1 + i / 100)) for i in range(calls)]
    whole = [p * 51 // 50 for p in plain]
    backbone = [w * 2 // 3 for w in whole]
    heads = [w - b for w, b in zip(whole, backbone, strict=True)]
    return ComponentMeasurement(
        parts_ns={"backbone.stage1": tuple(backbone), "heads": tuple(heads)},
        whole_ns=tuple(whole),
        plain_ns=tuple(plain),
        how="hooks",
    )


def ceiling(of: Machine, device: str = "cpu", threads: int = 2) -> Ceiling:
    """A machine of 200 GFLOP/s in fp32, twice that in int8, and 20 GB/s; no half precisions."""
    gone = Absent(reason="torch can't multiply such matrices here")
    return Ceiling(
        machine=of,
        device=device,
        threads=threads,
        gemm_flops={"fp32": 200e9, "int8": 400e9, "bf16": gone, "fp16": gone, "tf32": gone},
        bandwidth_bytes_s=20e9,
        samples={"gemm.fp32": (200e9,) * 3, "gemm.int8": (400e9,) * 3, "bandwidth": (20e9,) * 3},
        versions={"torch": "2.13.0"},
        measured="2026-11-22T12:00:00Z",
    )


def memory(peak_bytes: int) -> MemoryMeasurement:
    """Resident sets; no GPU."""
    kinds = {"rss_start": 0.2, "rss_before_load": 0.6, "rss_after_load": 0.7, "rss_peak": 1.0}
    values: dict[str, Any] = {k: int(peak_bytes * s) for k, s in kinds.items()}
    gone = Absent(reason="There is no GPU on this machine.")
    gpu = ("gpu_allocated_peak", "gpu_reserved_peak", "gpu_process")
    return MemoryMeasurement(values={**values, **dict.fromkeys(gpu, gone)})


def parity(
    mine: np.ndarray, reference: np.ndarray, names: tuple[str, ...], flip: float, seeded: bool
) -> Any:
    """Comparison of two sets of label maps; sums of the map follow the flipped share."""
    equal = tuple(int(n) for n in (mine == reference).sum(axis=(1, 2)))
    count = min(4, len(names))
    sums = OutputSums(
        squared_error=(flip * 50.0,) * count,
        squared_reference=(1000.0,) * count,
        largest_error=(flip * 4,) * count,
        non_finite=(0,) * count,
    )
    counts = {} if seeded else {"equal": equal, "total": (int(mine[0].size),) * len(names)}
    return ParityMeasurement(reference="torch-fp32", images=names, outputs={"map": sums}, **counts)


def gallery(media: Path, truth: np.ndarray, mine: np.ndarray, names: tuple[str, ...]) -> Any:
    """Panels of the given images, written to `media`."""

    def png(a: np.ndarray) -> str:
        buffer = io.BytesIO()
        Image.fromarray(a).save(buffer, "PNG")
        return write_media(media, buffer.getvalue(), ".png")

    def jpeg(a: np.ndarray) -> str:
        buffer = io.BytesIO()
        shade = np.stack([a * 9, a * 5, 255 - a], axis=-1)
        Image.fromarray(shade).save(buffer, "JPEG", quality=85)
        return write_media(media, buffer.getvalue(), ".jpg")

    def marks(t: np.ndarray, p: np.ndarray) -> np.ndarray:
        return np.where(t == VOID, UNLABELLED, np.where(t == p, AGREES, DIFFERS)).astype(np.uint8)

    panels = [
        Panel(
            image=n, input=jpeg(t), truth=png(t), prediction=png(p), disagreement=png(marks(t, p))
        )
        for n, t, p in zip(names, truth, mine, strict=True)
    ]
    return GalleryMeasurement(panels=tuple(panels))
