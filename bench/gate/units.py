"""Numbers of verdicts and comparisons as a reader wants them."""

from __future__ import annotations

NAMES = {
    "status": "status",
    "miou": "mIoU",
    "agreement": "agreement",
    "latency_p50_ms": "latency p50",
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
    return f"{100 * value:.2f} %"


def name(metric: str) -> str:
    """A metric's name in words."""
    return NAMES.get(metric, metric)
