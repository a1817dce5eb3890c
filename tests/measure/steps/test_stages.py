import pytest

from bench.errors import CaseFailed
from bench.jobs.measure import StagesJob
from bench.measure.steps import stages
from bench.metrics.catalog.parity import relative_l2
from bench.suite.variant import Variant
from tests import small
from tests.measure.steps.checking import job, silent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is deprecated
HALF = Variant(name="torch-bf16", format="torch", backend="torch", precision="bf16")


def test_the_stages_of_an_export_are_held_against_the_models(tmp_path):
    found = stages.run(job(StagesJob, "branch", tmp_path, stages=True), silent).stages
    far = {s.name: relative_l2(s.sums) for s in found.stages}
    assert list(far) == ["input", "stem", "logits", "map"]
    assert far["input"] == 0.0
    assert far["stem"] < 1e-6 < 1 < far["logits"]
    assert found.images == ("p0", "p1")
    assert (found.equal, found.total) == (0, 2 * 32 * 64)


def test_a_module_in_half_precision_tells_its_own_stages(tmp_path):
    found = stages.run(job(StagesJob, "plain", tmp_path, HALF), silent).stages
    far = {s.name: relative_l2(s.sums) for s in found.stages}
    assert list(far) == ["input", "stem", "logits", "map"]
    assert all(1e-5 < x < 0.05 for x in far.values()), far


def test_a_runtime_that_shows_no_modules_says_so(tmp_path, monkeypatch):
    from bench.backends.torch_session import TorchSession

    real = TorchSession.__init__

    def whole(self, *rest):
        real(self, *rest)
        self.forward, self.module = lambda x, run=self.module: run(x), None

    monkeypatch.setattr(TorchSession, "__init__", whole)
    with pytest.raises(CaseFailed, match="torch shows no stages"):
        stages.run(job(StagesJob, "plain", tmp_path, small.TORCH), silent)
