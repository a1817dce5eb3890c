"""Skipped where the extra isn't installed; the session `tests` installs it."""

import numpy as np
import pytest

from bench.devices.cpu import CpuDevice
from bench.exporters.nncf import NncfStep
from bench.exporters.openvino import OpenVinoStep
from bench.jobs.measure import CoverageJob
from tests import builders, small
from tests.exporters.made import adopted, job

pytest.importorskip("openvino")
pytest.importorskip("nncf")


@pytest.mark.parametrize(("step", "word"), [(NncfStep, "int8"), (OpenVinoStep, "fp32")])
def test_a_real_profile_tells_in_which_precision_the_convolution_runs(tmp_path, step, word):
    from bench.measure.coverage.base import CALLS
    from bench.measure.coverage.openvino import integers, operators

    of, before = adopted(tmp_path)
    x = np.random.default_rng(0).random((1, 3, *small.SIZE), np.float32)
    step().make(job(of, tmp_path / "out", before, calibration=(x,)))
    variant = small.OPENVINO.model_copy(update={"precision": word})
    asked = CoverageJob(case=builders.case(model=of, variant=variant), size=small.SIZE, threads=1)
    loaded = type("Loaded", (), {"device": CpuDevice()})()
    found = operators(asked, loaded, tmp_path / "out" / "model.xml", x)
    assert {o.precision: o.macs for o in found if o.macs} == {
        word: 4 * 3 * small.SIZE[0] * small.SIZE[1]
    }
    assert all(len(o.time_ns) == CALLS for o in found)
    assert integers(tmp_path / "out" / "model.xml")[0] == ({8: 12} if word == "int8" else {})
