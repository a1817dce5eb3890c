"""Every derived number by name: unit, direction, one sentence.

The leaves beside this file compute them; a plug-in adds more through the entry points
`segbench.metric`, and `info` answers for its names too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from bench.metrics import format as f
from bench.record.memory import DEFINITIONS, DIFFERENCES
from bench.suite.policy import GATED

Better = Literal["higher", "lower", ""]


@dataclass(frozen=True)
class Unit:
    """How numbers of a unit are written."""

    title: str
    """In a column's head."""
    cell: Callable[[float], str]
    """In a column with that head."""
    text: Callable[[float], str]
    """In a sentence, with the unit."""


UNITS = {
    "fraction": Unit("%", f.points, f.percent),
    "agreement": Unit("", f.percent, f.percent),
    "difference": Unit("points", f.signed_points, lambda v: f"{f.signed_points(v)} points"),
    "ms": Unit("ms", f.milliseconds, lambda v: f"{f.milliseconds(v)} ms"),
    "bytes": Unit("", f.size, f.size),
    "images/s": Unit("images/s", f.rate, lambda v: f"{f.rate(v)} images/s"),
    "1/s": Unit("a second", f.rate, lambda v: f"{f.rate(v)} a second"),
    "GFLOP/s": Unit("GFLOP/s", f.rate, lambda v: f"{f.rate(v)} GFLOP/s"),
    "dB": Unit("", f.decibels, f.decibels),
    "joules": Unit("J an image", "{:.3g}".format, "{:.3g} J an image".format),
    "samples": Unit("samples", f.rate, lambda v: f"{f.rate(v)} samples"),
    "flags": Unit("", f.whole, f.whole),
    "parameters": Unit("", f.whole, f.whole),
    "MACs": Unit("", f.whole, f.whole),
    "ratio": Unit("", "{:.3g}".format, "{:.3g}".format),
}


@dataclass(frozen=True)
class MetricInfo:
    """What a name means."""

    name: str
    label: str
    """In words, as tables and sentences call it."""
    unit: str
    """fraction, ms, images/s, bytes, ratio, dB ...; empty where a plug-in doesn't say."""
    better: Better
    """Direction of improvement; empty where there is none."""
    definition: str
    kind: str = ""
    """Registered metric that computes it."""

    @cached_property
    def written(self) -> Unit:
        """How its numbers are written."""
        end = self.name.rpartition("_")[2]  # difference, agreement
        plain = UNITS.get(end) or UNITS.get(self.unit, UNITS["ratio"])
        return replace(plain, cell=CELLS.get(self.name, plain.cell))

    @property
    def title(self) -> str:
        """The label as a column's head."""
        first = self.label.partition(" ")[0]  # p50 and mIoU are written so
        plain = first.isalpha() and first.islower()
        return self.label[:1].upper() + self.label[1:] if plain else self.label

    @property
    def gate(self) -> tuple[str, str] | None:
        """Keys of its limit in a rule and in [gate]; None where the gate doesn't judge it."""
        return GATED.get(self.name)

    @property
    def sentence(self) -> str:
        """Label, unit, direction, meaning, and the limit that a gate holds it to."""
        unit = ", ".join(
            w for w in (self.unit, f"{self.better} is better" if self.better else "") if w
        )
        gated = f" Gate: {self.gate[1]}." if self.gate else ""
        return f"{self.label} ({unit}): {self.definition}{gated}"

    def text(self, value: float | str | None) -> str:
        """`43.15 %`, `12.3 ms`, `6.9 MB`; `none` where there is no number."""
        if value is None or isinstance(value, str):
            return value or "none"
        return self.written.text(value)


CELLS: dict[str, Callable[[float], str]] = {
    "phase_gap": f.signed_points,
    **dict.fromkeys(
        ("latency_between", "latency_within", "missed_deadlines", "dropped_frames", "utilisation",
         "roofline_share"),
        f.points_short,
    ),
}  # fmt: skip
"""Metric -> how a column writes it where its unit would say otherwise: signed, or one decimal."""
_ACCURACY = (
    MetricInfo("miou", "mIoU", "fraction", "higher", "Mean intersection over union of the classes that are there, over all images together, by the Cityscapes rule."),
    MetricInfo("miou_difference", "difference", "fraction", "higher", "mIoU minus that of the reference variant, paired over the same images.", "difference"),
    MetricInfo("miou_detectable", "smallest drop that shows", "fraction", "lower", "Smallest drop of mIoU against the reference variant that these images show with 80 % power, from the scatter of the paired difference.", "difference"),
    MetricInfo("miou_retained", "retained", "fraction", "higher", "mIoU over that of the same variant on the images as they are (of a corrupted case).", "robustness"),
    MetricInfo("category_miou", "category mIoU", "fraction", "higher", "Mean IoU of the Cityscapes categories (flat, construction, object ...).", "scores"),
    MetricInfo("iiou", "iIoU", "fraction", "higher", "Mean IoU of the classes with instances, each instance weighted by the class's average size over its own.", "scores"),
    MetricInfo("category_iiou", "category iIoU", "fraction", "higher", "The same for the categories human and vehicle.", "scores"),
    MetricInfo("pixel_accuracy", "pixel accuracy", "fraction", "higher", "Share of labelled pixels with the right class.", "scores"),
    MetricInfo("pq", "PQ", "fraction", "higher", "Panoptic quality: of each class the sum of the matched segments' IoU over TP + FP/2 + FN/2, over all images together; the mean of the classes that are there, by the rules of cityscapesscripts."),
    MetricInfo("pq_difference", "difference", "fraction", "higher", "PQ minus that of the reference variant, paired over the same images.", "difference"),
    MetricInfo("pq_detectable", "smallest drop that shows", "fraction", "lower", "Smallest drop of PQ against the reference variant that these images show with 80 % power, from the scatter of the paired difference.", "difference"),
    MetricInfo("pq_retained", "retained", "fraction", "higher", "PQ over that of the same variant on the images as they are (of a corrupted case).", "robustness"),
    *(
        MetricInfo(f"{name}{kind}", f"{name.upper()}{of_short}", "fraction", "higher", f"{words}{of}.", "scores")
        for kind, of_short, of in (("", "", ", mean of all classes"), ("_things", " of things", ", mean of the things"), ("_stuff", " of stuff", ", mean of the stuff"))
        for name, words in (("pq", "Panoptic quality"), ("sq", "Segmentation quality: mean IoU of the matched segments (0 where none is)"), ("rq", "Recognition quality: TP over TP + FP/2 + FN/2"))
        if name + kind != "pq"
    ),
)  # fmt: skip

_LATENCY = (
    MetricInfo("latency_p50_ms", "latency p50", "ms", "lower", "Median time from the encoded image to its label map: the geometric mean of the processes' medians, with Student's t interval over processes."),
    MetricInfo("latency_p90_ms", "latency p90", "ms", "lower", "90th percentile of the same, over the samples of all processes."),
    MetricInfo("latency_p95_ms", "latency p95", "ms", "lower", "95th percentile of the same."),
    MetricInfo("latency_p99_ms", "latency p99", "ms", "lower", "99th percentile of the same."),
    MetricInfo("latency_p99_bound_ms", "bound of p99", "ms", "lower", "Upper end of the 95 % interval of p99 by order statistics; it knows nothing of other processes."),
    MetricInfo("latency_mean_ms", "mean latency", "ms", "lower", "Mean of the same."),
    MetricInfo("latency_ratio", "latency ratio", "ratio", "lower", "Median latency over that of the reference variant on the same target, paired by launch, with Student's t interval over the pairs' logarithms."),
    MetricInfo("latency_process_ms", "one process", "ms", "lower", "Median of the middle process, with the interval within that process: by order statistics, or by a block bootstrap where samples are autocorrelated.", "processes"),
    MetricInfo("latency_between", "between processes", "fraction", "lower", "Standard deviation of the logarithms of the processes' medians.", "processes"),
    MetricInfo("latency_within", "within a process", "fraction", "lower", "Robust standard deviation of a sample's logarithm about its process's median.", "processes"),
    MetricInfo("latency_worth", "worth", "samples", "higher", "Independent samples that the samples of one process are worth (Kish's design effect).", "processes"),
    MetricInfo("latency_flags", "flags", "flags", "lower", "Number of flags on the latency; the note names them."),
    MetricInfo("throughput_ips", "throughput", "images/s", "higher", "Batch size over the mean end-to-end time of back-to-back calls."),
    MetricInfo("phase_decode_ms", "decode", "ms", "lower", "Median time to decode the image file.", "processes"),
    MetricInfo("phase_preprocess_ms", "preprocess", "ms", "lower", "Median time from the image to the model's input.", "processes"),
    MetricInfo("phase_copy_in_ms", "copy in", "ms", "lower", "Median time to copy the input to the device.", "processes"),
    MetricInfo("phase_forward_ms", "forward", "ms", "lower", "Median time of the model itself.", "processes"),
    MetricInfo("phase_copy_out_ms", "copy out", "ms", "lower", "Median time to copy the outputs back.", "processes"),
    MetricInfo("phase_postprocess_ms", "post-process", "ms", "lower", "Median time from the outputs to the label map.", "processes"),
    MetricInfo("phase_gap", "gap", "fraction", "lower", "Share of the end-to-end time, summed over all samples, that no phase accounts for.", "processes"),
    MetricInfo("energy_image_j", "energy", "joules", "lower", "Energy of the timed region an image: processor package and memory (RAPL) and GPU (NVML) together, as far as the machine tells.", "processes"),
)  # fmt: skip

_LOAD = (
    *(
        MetricInfo(f"latency_under_load_{p}_ms", f"{p} under load", "ms", "lower", f"{words} from when an arrival was due to its label map, waiting included (scenario server).")
        for p, words in (("p50", "Median time"), ("p90", "90th percentile of the time"), ("p99", "99th percentile of the time"))
    ),
    MetricInfo("missed_deadlines", "missed deadlines", "fraction", "lower", "Share of arrivals without a result by their deadline: too late, replaced by a newer frame, or never done."),
    MetricInfo("utilisation", "utilisation", "fraction", "lower", "Share of the time, from the first arrival to the last result, in which the system was busy."),
    MetricInfo("achieved_rate_hz", "results", "1/s", "higher", "Results a second, from the first arrival to the last result."),
    MetricInfo("dropped_frames", "dropped frames", "fraction", "lower", "Share of a camera's frames that a newer one replaced before they were begun (scenario constant_stream)."),
    MetricInfo("result_age_p50_ms", "age p50", "ms", "lower", "Median age of a result when it comes, from when its frame was due (scenario constant_stream)."),
    MetricInfo("result_age_p99_ms", "age p99", "ms", "lower", "99th percentile of the same."),
    MetricInfo("result_age_peak_p50_ms", "peak age p50", "ms", "lower", "Median age of a result just before the next one comes."),
    MetricInfo("result_age_peak_p99_ms", "peak age p99", "ms", "lower", "99th percentile of the same."),
)  # fmt: skip

LABELS = {
    "rss_start": "memory at start",
    "rss_before_load": "memory before loading",
    "rss_after_load": "memory after loading",
    "rss_peak": "peak memory",
    "pss_after_load": "PSS after loading",
    "pss_after_run": "PSS after running",
    "gpu_allocated_peak": "peak GPU memory",
    "gpu_reserved_peak": "peak GPU memory reserved",
    "gpu_process": "GPU memory of the process",
    "rss_added_by_load": "added by loading",
    "rss_added_by_run": "added by running",
}
"""Kind of memory -> its name in words."""
_KINDS = DEFINITIONS | {
    kind: f"Difference: {LABELS[whole]} minus {LABELS[part]}"
    for kind, (whole, part) in DIFFERENCES.items()
}
_MEMORY = (
    MetricInfo("file_bytes", "file size", "bytes", "lower", "All files of the artifact, on disk."),
    MetricInfo("weight_bytes", "weights", "bytes", "lower", "Learned weights alone, as stored."),
    *(
        MetricInfo(f"{kind}_bytes", LABELS[kind], "bytes", "lower", f"{definition}.")
        for kind, definition in _KINDS.items()
    ),
)

_WORK = (
    MetricInfo("parameters", "parameters", "parameters", "lower", "Learned numbers of the module, each tensor once."),
    MetricInfo("macs", "MACs", "MACs", "lower", "Multiply-accumulates of one call: contractions, convolutions, attention and interpolation; no additions, activations, softmax or norms."),
    MetricInfo("bytes_moved", "bytes moved", "bytes", "lower", "Inputs, outputs and weights of every operator of one call in float32: what a machine without a cache would move."),
    MetricInfo("achieved_gflops", "achieved", "GFLOP/s", "higher", "Two operations a multiply-accumulate over the median time of the model itself."),
    MetricInfo("roofline_share", "share of the bound", "fraction", "higher", "Achieved operations a second over what this machine could do at the model's intensity: the lower of its peak in this precision and intensity times bandwidth."),
)  # fmt: skip

_PARITY = (
    MetricInfo("agreement", "agreement", "fraction", "higher", "Share of pixels with the reference variant's label; of panoptic cases, of pixels in both segments of a match (same class, IoU over 0.5), or void in both."),
    *(
        info
        for output, words in (
            ("map", "the combined class map"),
            ("logits", "the logits"),
            ("class_logits", "the queries' class logits"),
            ("mask_logits", "the queries' mask logits"),
        )
        for info in (
            MetricInfo(f"{output}_relative_l2", f"relative L2 of {words}", "ratio", "lower", f"Relative L2 distance of {words} from the reference variant's."),
            MetricInfo(f"{output}_sqnr_db", f"SQNR of {words}", "dB", "higher", f"Signal-to-quantization-noise ratio of {words}, the reference variant's being the signal."),
        )
    ),
)  # fmt: skip

CATALOG: dict[str, MetricInfo] = {
    i.name: replace(i, kind=i.kind or kind)
    for kind, group in (
        ("accuracy", _ACCURACY), ("latency", _LATENCY), ("load", _LOAD), ("memory", _MEMORY),
        ("roofline", _WORK), ("parity", _PARITY),
    )
    for i in group
}  # fmt: skip
"""Name -> meaning, in the order in which they are shown."""


GATE_ONLY = {
    "status": MetricInfo("status", "status", "", "", "ok, wrong, failed or skipped."),
    "latency_live": MetricInfo("latency_live", "latency, live", "ratio", "lower", "Latency over the baseline's, of pairs of processes that took turns."),
}  # fmt: skip
"""What only a gate knows."""


def info(name: str) -> MetricInfo:
    """Meaning of a name, or of a class's number, `iou.person`.

    A plug-in's own metric gets an empty unit and direction.
    """
    kind, _, of = name.partition(".")
    if of:
        return MetricInfo(name, f"{BY_CLASS.get(kind, kind)} {of}", "fraction", "higher", "")
    known = CATALOG.get(name) or GATE_ONLY.get(name)
    return known or MetricInfo(name, name, "", "", "")


BY_CLASS = {"iou": "IoU", "pq": "PQ"}
"""Metric of a class -> its name in words."""
