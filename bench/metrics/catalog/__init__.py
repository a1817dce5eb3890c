"""Every derived number by name: unit, direction, one sentence.

The leaves beside this file compute them; a plug-in adds more through the entry points
`segbench.metric`, and `info` answers for its names too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.record.memory import DEFINITIONS

Better = Literal["higher", "lower", ""]


@dataclass(frozen=True)
class MetricInfo:
    """What a name means."""

    name: str
    unit: str
    """fraction, ms, images/s, bytes, ratio or dB; empty where a plug-in doesn't say."""
    better: Better
    """Direction of improvement; empty where there is none."""
    definition: str


_ACCURACY = (
    MetricInfo("miou", "fraction", "higher", "Mean intersection over union of the classes that are there, over all images together, by the Cityscapes rule."),
    MetricInfo("miou_difference", "fraction", "higher", "mIoU minus that of the reference variant, paired over the same images."),
    MetricInfo("category_miou", "fraction", "higher", "Mean IoU of the Cityscapes categories (flat, construction, object ...)."),
    MetricInfo("iiou", "fraction", "higher", "Mean IoU of the classes with instances, each instance weighted by the class's average size over its own."),
    MetricInfo("category_iiou", "fraction", "higher", "The same for the categories human and vehicle."),
    MetricInfo("pixel_accuracy", "fraction", "higher", "Share of labelled pixels with the right class."),
)  # fmt: skip

_LATENCY = (
    MetricInfo("latency_p50_ms", "ms", "lower", "Median time from the encoded image to its label map."),
    MetricInfo("latency_p90_ms", "ms", "lower", "90th percentile of the same."),
    MetricInfo("latency_p95_ms", "ms", "lower", "95th percentile of the same."),
    MetricInfo("latency_p99_ms", "ms", "lower", "99th percentile of the same."),
    MetricInfo("latency_mean_ms", "ms", "lower", "Mean of the same."),
    MetricInfo("latency_ratio", "ratio", "lower", "Median latency over that of the reference variant on the same target."),
    MetricInfo("throughput_ips", "images/s", "higher", "Batch size over the mean end-to-end time of back-to-back calls."),
    MetricInfo("phase_decode_ms", "ms", "lower", "Median time to decode the image file."),
    MetricInfo("phase_preprocess_ms", "ms", "lower", "Median time from the image to the model's input."),
    MetricInfo("phase_copy_in_ms", "ms", "lower", "Median time to copy the input to the device."),
    MetricInfo("phase_forward_ms", "ms", "lower", "Median time of the model itself."),
    MetricInfo("phase_copy_out_ms", "ms", "lower", "Median time to copy the outputs back."),
    MetricInfo("phase_postprocess_ms", "ms", "lower", "Median time from the outputs to the label map."),
)  # fmt: skip

_MEMORY = (
    MetricInfo("file_bytes", "bytes", "lower", "All files of the artifact, on disk."),
    MetricInfo("weight_bytes", "bytes", "lower", "Learned weights alone, as stored."),
    *(
        MetricInfo(f"{kind}_bytes", "bytes", "lower", f"{definition}.")
        for kind, definition in DEFINITIONS.items()
    ),
)

_PARITY = (
    MetricInfo("agreement", "fraction", "higher", "Share of pixels with the reference variant's label."),
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

CATALOG: dict[str, MetricInfo] = {i.name: i for i in (*_ACCURACY, *_LATENCY, *_MEMORY, *_PARITY)}
"""Name -> meaning, in the order in which they are shown."""


def info(name: str) -> MetricInfo:
    """Meaning of a name; a plug-in's own metric gets an empty unit and direction."""
    return CATALOG.get(name, MetricInfo(name, "", "", ""))
