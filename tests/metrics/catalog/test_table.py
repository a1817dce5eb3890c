"""One table says what a metric is; every reader of it agrees."""

import pytest

from bench.cli.list import listing
from bench.cli.table import COLUMNS
from bench.gate.limits import MEMORY
from bench.gate.verdict import MEASURING
from bench.metrics.catalog import CATALOG, UNITS, info
from bench.suite.policy import GATED


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("miou", 0.4315, "43.15 %"),
        ("miou_difference", -0.0265, "\N{MINUS SIGN}2.65 points"),
        ("latency_p50_ms", 8.0, "8.00 ms"),
        ("rss_peak_bytes", 405.2e6, "405.2 MB"),
        ("file_bytes", 12_345, "12 kB"),
        ("latency_ratio", 0.512345, "0.512"),
        ("throughput_ips", 8.65, "8.65 images/s"),
        ("agreement", 0.99999, "99.99 %"),
        ("status", "ok", "ok"),
        ("iou.person", 0.5, "50.00 %"),
        ("miou", None, "none"),
        ("somebody_elses", 3.0, "3"),
    ],
)
def test_a_number_is_written_by_its_unit(name, value, text):
    assert info(name).text(value) == text


def test_every_row_is_whole_and_every_unit_known():
    for name, about in CATALOG.items():
        assert about.name == name
        assert about.label
        assert about.unit in UNITS
        assert about.kind
        assert about.definition.endswith(".")
    labels = [i.label for i in CATALOG.values() if i.kind in {"memory", "latency"}]
    assert len(set(labels)) == len(labels)


def test_the_gate_judges_what_the_table_knows():
    assert {n for n in GATED if info(n).unit == "" and n != "status"} == set()
    assert info("file_bytes").gate == ("ratio", "size_ratio")
    assert MEMORY == ("rss_peak_bytes", "gpu_allocated_peak_bytes")
    assert {"miou", "latency_live"} <= MEASURING
    assert "file_bytes" not in MEASURING


def test_list_metrics_says_unit_direction_and_limit():
    told = {row["name"]: row["about"] for row in listing("metrics")}
    assert set(CATALOG) <= set(told)
    assert told["file_bytes"].startswith("file size (bytes, lower is better): All files")
    assert told["file_bytes"].endswith("Gate: size_ratio.")
    assert {n for n in COLUMNS.values() if not n.startswith("headline")} <= set(told)
