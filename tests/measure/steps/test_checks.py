"""Traces that froze something of their first input are found, and only these."""

import numpy as np
import pytest

from bench.backends.torch_session import TorchSession
from bench.jobs.measure import ChecksJob
from bench.measure.steps import checks
from bench.metrics.checked import fault
from tests import small
from tests.measure.steps.checking import job, silent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated
NAMES = ("second call", "second image", "second batch", "second shape", "other device")


def found(asked):
    """Check -> what it found, and what is wrong with it."""
    rows = checks.run(asked, silent).checks.checks
    assert tuple(r.name for r in rows) == NAMES
    return {r.name: (r, fault(asked.case, r)) for r in rows}


def test_a_trace_without_memory_passes_all(tmp_path):
    rows = found(job(ChecksJob, "plain", tmp_path))
    assert not any(why for _, why in rows.values())
    assert rows["second batch"][0].asked == "2 x 3 x 32 x 64"
    assert rows["second batch"][0].total == 2 * 32 * 64
    assert rows["second shape"][0].asked.startswith("1 x 3 x ")
    assert rows["other device"][0].outcome in {"absent", "ran"}


def test_a_branch_that_the_trace_froze_is_wrong_on_every_image(tmp_path):
    rows = found(job(ChecksJob, "branch", tmp_path))
    assert rows["second call"][1] == ""
    assert "of labels equal those of the model itself" in rows["second image"][1]
    assert rows["second shape"][1]


def test_a_module_that_keeps_its_first_image_is_wrong_on_the_second(tmp_path):
    rows = found(job(ChecksJob, "cache", tmp_path, small.TORCH))
    assert rows["second call"][1] == ""
    assert "of labels equal those of the model itself" in rows["second image"][1]


def test_the_trace_of_such_a_module_keeps_nothing_and_is_right(tmp_path):
    """The model's own answers come from a fresh copy each, or the second would be that of the first."""
    rows = found(job(ChecksJob, "cache", tmp_path))
    assert not any(why for _, why in rows.values())


def test_what_an_artifact_refuses_is_told_in_its_words(tmp_path, monkeypatch):
    real = TorchSession.forward

    def fixed(self, x):
        if tuple(x.shape) != (1, 3, *small.SIZE):
            raise RuntimeError("Got: 2\n Expected: 1")
        return real(self, x)

    monkeypatch.setattr(TorchSession, "forward", fixed)
    rows = found(job(ChecksJob, "plain", tmp_path))
    for name in ("second batch", "second shape"):
        assert (rows[name][0].outcome, rows[name][0].message) == ("refused", "Got: 2 Expected: 1")
        assert rows[name][1] == ""


def test_an_answer_that_is_given_again_and_one_that_wavers_are_wrong(tmp_path, monkeypatch):
    real, kept = TorchSession.copy_out, []

    def stuck(self, raw):
        kept.append(real(self, raw))
        return kept[0]

    monkeypatch.setattr(TorchSession, "copy_out", stuck)
    rows = found(job(ChecksJob, "plain", tmp_path))
    assert rows["second image"][1] == "the first image's answer is given again"
    assert rows["second batch"][1] == "images without an answer of the model's shape: 1"
    assert rows["second shape"][1] == "images without an answer of the model's shape: 1"

    def wavers(self, raw):
        kept.append(None)
        return {n: a + np.float32(0.1 * len(kept)) for n, a in real(self, raw).items()}

    monkeypatch.setattr(TorchSession, "copy_out", wavers)
    rows = found(job(ChecksJob, "plain", tmp_path / "again"))
    assert rows["second call"][1].startswith("the same input has another answer (relative L2 ")
