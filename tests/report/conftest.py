"""A small run and its view, built once: records are frozen, so tests can share them."""

from __future__ import annotations

import pytest

from bench.metrics.rows import rows
from bench.report.view import View
from tests.builders import ROWS, Planned, build_run

MORE = (
    *ROWS,
    Planned("onnx-onnxruntime-fp32", target="cpu-1-thread", latency_ms=30.0),
    Planned("torch-fp32", target="cuda", status="skipped", reason="There is no CUDA here."),
    Planned("torch-fp32", model="untrained", seeded=True, latency_ms=900.0),
    Planned("onnx-onnxruntime-fp32", model="untrained", seeded=True, latency_ms=600.0),
)


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Run with rows of every status, a seeded model, a second target and a pending case."""
    plan = (*(r.case.id for r in MORE), "micro/torch-fp32/cpu/later")
    return build_run(tmp_path_factory.mktemp("run"), MORE, plan=plan)


@pytest.fixture(scope="session")
def view(run):
    """View of that run."""
    return View(run, rows(run))


@pytest.fixture
def view_of(tmp_path):
    """Function: planned rows -> view of a run built from them."""

    def make(*planned, **info):
        built = build_run(tmp_path / "other", planned, **info)
        return View(built, rows(built))

    return make


def words(section):
    """All text of a section, in one string."""
    return repr(section)
