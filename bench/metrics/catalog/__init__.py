"""Every derived number by name: unit, direction, one sentence.

The leaves beside this file compute them; a plug-in adds more through the entry points
`segbench.metric`, and `info` answers for its names too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bench.record.memory import DEFINITIONS, DIFFERENCES

Better = Literal["higher", "lower", ""]


@dataclass(frozen=True)
class MetricInfo:
    """What a name means."""

    name: str
    unit: str
    """fraction, ms, images/s, bytes, ratio, dB ...; empty where a plug-in doesn't say."""
    better: Better
    """Direction of improvement; empty where there is none."""
    definition: str
    kind: str = ""
    """Registered metric that computes it."""


_ACCURACY = (
    MetricInfo("miou", "fraction", "higher", "Mean intersection over union of the classes that are there, over all images together, by the Cityscapes rule."),
    MetricInfo("miou_difference", "fraction", "higher", "mIoU minus that of the reference variant, paired over the same images.", "difference"),
    MetricInfo("miou_detectable", "fraction", "lower", "Smallest drop of mIoU against the reference variant that these images show with 80 % power, from the scatter of the paired difference.", "difference"),
    MetricInfo("miou_retained", "fraction", "higher", "mIoU over that of the same variant on the images as they are (of a corrupted case).", "robustness"),
    MetricInfo("category_miou", "fraction", "higher", "Mean IoU of the Cityscapes categories (flat, construction, object ...).", "scores"),
    MetricInfo("iiou", "fraction", "higher", "Mean IoU of the classes with instances, each instance weighted by the class's average size over its own.", "scores"),
    MetricInfo("category_iiou", "fraction", "higher", "The same for the categories human and vehicle.", "scores"),
    MetricInfo("pixel_accuracy", "fraction", "higher", "Share of labelled pixels with the right class.", "scores"),
    MetricInfo("pq", "fraction", "higher", "Panoptic quality: of each class the sum of the matched segments' IoU over TP + FP/2 + FN/2, over all images together; the mean of the classes that are there, by the rules of cityscapesscripts."),
    MetricInfo("pq_difference", "fraction", "higher", "PQ minus that of the reference variant, paired over the same images.", "difference"),
    MetricInfo("pq_detectable", "fraction", "lower", "Smallest drop of PQ against the reference variant that these images show with 80 % power, from the scatter of the paired difference.", "difference"),
    MetricInfo("pq_retained", "fraction", "higher", "PQ over that of the same variant on the images as they are (of a corrupted case).", "robustness"),
    *(
        MetricInfo(f"{name}{kind}", "fraction", "higher", f"{words}{of}.", "scores")
        for kind, of in (("", ", mean of all classes"), ("_things", ", mean of the things"), ("_stuff", ", mean of the stuff"))
        for name, words in (("pq", "Panoptic quality"), ("sq", "Segmentation quality: mean IoU of the matched segments (0 where none is)"), ("rq", "Recognition quality: TP over TP + FP/2 + FN/2"))
        if name + kind != "pq"
    ),
)  # fmt: skip

_LATENCY = (
    MetricInfo("latency_p50_ms", "ms", "lower", "Median time from the encoded image to its label map: the geometric mean of the processes' medians, with Student's t interval over processes."),
    MetricInfo("latency_p90_ms", "ms", "lower", "90th percentile of the same, over the samples of all processes."),
    MetricInfo("latency_p95_ms", "ms", "lower", "95th percentile of the same."),
    MetricInfo("latency_p99_ms", "ms", "lower", "99th percentile of the same."),
    MetricInfo("latency_p99_bound_ms", "ms", "lower", "Upper end of the 95 % interval of p99 by order statistics; it knows nothing of other processes."),
    MetricInfo("latency_mean_ms", "ms", "lower", "Mean of the same."),
    MetricInfo("latency_ratio", "ratio", "lower", "Median latency over that of the reference variant on the same target, paired by launch, with Student's t interval over the pairs' logarithms."),
    MetricInfo("latency_process_ms", "ms", "lower", "Median of the middle process, with the interval within that process: by order statistics, or by a block bootstrap where samples are autocorrelated."),
    MetricInfo("latency_between", "fraction", "lower", "Standard deviation of the logarithms of the processes' medians."),
    MetricInfo("latency_within", "fraction", "lower", "Robust standard deviation of a sample's logarithm about its process's median."),
    MetricInfo("latency_worth", "samples", "higher", "Independent samples that the samples of one process are worth (Kish's design effect)."),
    MetricInfo("latency_flags", "flags", "lower", "Number of flags on the latency; the note names them."),
    MetricInfo("throughput_ips", "images/s", "higher", "Batch size over the mean end-to-end time of back-to-back calls."),
    MetricInfo("phase_decode_ms", "ms", "lower", "Median time to decode the image file."),
    MetricInfo("phase_preprocess_ms", "ms", "lower", "Median time from the image to the model's input."),
    MetricInfo("phase_copy_in_ms", "ms", "lower", "Median time to copy the input to the device."),
    MetricInfo("phase_forward_ms", "ms", "lower", "Median time of the model itself."),
    MetricInfo("phase_copy_out_ms", "ms", "lower", "Median time to copy the outputs back."),
    MetricInfo("phase_postprocess_ms", "ms", "lower", "Median time from the outputs to the label map."),
    MetricInfo("phase_gap", "fraction", "lower", "Share of the end-to-end time, summed over all samples, that no phase accounts for."),
    MetricInfo("energy_image_j", "joules", "lower", "Energy of the timed region an image: processor package and memory (RAPL) and GPU (NVML) together, as far as the machine tells."),
)  # fmt: skip

_LOAD = (
    *(
        MetricInfo(f"latency_under_load_{p}_ms", "ms", "lower", f"{words} from when an arrival was due to its label map, waiting included (scenario server).")
        for p, words in (("p50", "Median time"), ("p90", "90th percentile of the time"), ("p99", "99th percentile of the time"))
    ),
    MetricInfo("missed_deadlines", "fraction", "lower", "Share of arrivals without a result by their deadline: too late, replaced by a newer frame, or never done."),
    MetricInfo("utilisation", "fraction", "lower", "Share of the time, from the first arrival to the last result, in which the system was busy."),
    MetricInfo("achieved_rate_hz", "1/s", "higher", "Results a second, from the first arrival to the last result."),
    MetricInfo("dropped_frames", "fraction", "lower", "Share of a camera's frames that a newer one replaced before they were begun (scenario constant_stream)."),
    MetricInfo("result_age_p50_ms", "ms", "lower", "Median age of a result when it comes, from when its frame was due (scenario constant_stream)."),
    MetricInfo("result_age_p99_ms", "ms", "lower", "99th percentile of the same."),
    MetricInfo("result_age_peak_p50_ms", "ms", "lower", "Median age of a result just before the next one comes."),
    MetricInfo("result_age_peak_p99_ms", "ms", "lower", "99th percentile of the same."),
)  # fmt: skip

_MEMORY = (
    MetricInfo("file_bytes", "bytes", "lower", "All files of the artifact, on disk."),
    MetricInfo("weight_bytes", "bytes", "lower", "Learned weights alone, as stored."),
    *(
        MetricInfo(f"{kind}_bytes", "bytes", "lower", f"{definition}.")
        for kind, definition in DEFINITIONS.items()
    ),
    *(
        MetricInfo(
            f"{kind}_bytes", "bytes", "lower", f"Difference: {whole}_bytes minus {part}_bytes."
        )
        for kind, (whole, part) in DIFFERENCES.items()
    ),
)

_WORK = (
    MetricInfo("parameters", "parameters", "lower", "Learned numbers of the module, each tensor once."),
    MetricInfo("macs", "MACs", "lower", "Multiply-accumulates of one call: contractions, convolutions, attention and interpolation; no additions, activations, softmax or norms."),
    MetricInfo("bytes_moved", "bytes", "lower", "Inputs, outputs and weights of every operator of one call in float32: what a machine without a cache would move."),
    MetricInfo("achieved_gflops", "GFLOP/s", "higher", "Two operations a multiply-accumulate over the median time of the model itself."),
    MetricInfo("roofline_share", "fraction", "higher", "Achieved operations a second over what this machine could do at the model's intensity: the lower of its peak in this precision and intensity times bandwidth."),
)  # fmt: skip

_PARITY = (
    MetricInfo("agreement", "fraction", "higher", "Share of pixels with the reference variant's label; of panoptic cases, of pixels in both segments of a match (same class, IoU over 0.5), or void in both."),
    *(
        info
        for output, words in (
            ("map", "the combined class map"),
            ("logits", "the logits"),
            ("class_logits", "the queries' class logits"),
            ("mask_logits", "the queries' mask logits"),
        )
        for info in (
            MetricInfo(f"{output}_relative_l2", "ratio", "lower", f"Relative L2 distance of {words} from the reference variant's."),
            MetricInfo(f"{output}_sqnr_db", "dB", "higher", f"Signal-to-quantization-noise ratio of {words}, the reference variant's being the signal."),
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


def info(name: str) -> MetricInfo:
    """Meaning of a name; a plug-in's own metric gets an empty unit and direction."""
    return CATALOG.get(name, MetricInfo(name, "", "", ""))
