"""Numbers of verdicts and comparisons as a reader wants them."""

from __future__ import annotations

NAMES = {
    "status": "status",
    "miou": "mIoU",
    "iou": "IoU",
    "pq": "PQ",
    "agreement": "agreement",
    "latency_p50_ms": "latency p50",
    "latency_live": "latency, live",
    "latency_ratio": "latency ratio",
    "rss_peak_bytes": "peak memory",
    "gpu_allocated_peak_bytes": "peak GPU memory",
    "file_bytes": "file size",
}


def shown(metric: str, value: float | str | None) -> str:
    """Value with its unit; `none` where there is none."""
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    if metric.endswith("_bytes"):
        return f"{value / 2**20:.1f} MiB"
    if metric.endswith("_ms"):
        return f"{value:.2f} ms"
    if metric.endswith("_ratio"):
        return f"{value:.3g}"
    return f"{100 * value:.2f} %"


def said(metric: str, was: float | str | None, now: float | str | None) -> str:
    """`43.15 % -> 41.02 %`, once where both are alike; empty where there is neither."""
    if was is None and now is None:
        return ""
    first, second = shown(metric, was), shown(metric, now)
    return first if first == second else f"{first} -> {second}"


def name(metric: str) -> str:
    """A metric's name in words."""
    kind, _, of = metric.partition(".")
    return f"{NAMES.get(kind, kind)} {of}".rstrip()
