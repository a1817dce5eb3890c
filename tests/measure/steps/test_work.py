import numpy as np
import pytest

from bench.jobs.measure import WorkJob
from bench.measure.steps import work
from bench.measure.work import components
from bench.suite.model import Model
from tests import small

NET = """
from torch import nn

CALLS = []

def build():
    CALLS.append(1)
    net = nn.Sequential()
    net.add_module("backbone", nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()))
    net.add_module("head", nn.Conv2d(8, 4, 1))
    return net
"""


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Function: variant -> job of a small torch module on four pictures."""
    (tmp_path / "work_step_net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(components, "CALLS", 3)
    data = small.folder(small.pictures(tmp_path / "pictures"))
    fields = {"source": "code", "location": "work_step_net:build"}
    model = Model(
        name="net", loader="callable", classes=small.CLASSES, pixels=small.PLAIN, **fields
    )

    def make(variant=small.TORCH, **changes):
        case = small.suite(small.block(model, data, variant)).expand()[0]
        case = case.model_copy(update={"weights_digest": "w" * 64, **changes})
        return WorkJob(case=case, cache=str(tmp_path / "cache"), size=small.SIZE, allow_code=True)

    return make


def measured(job):
    said = []
    found = work.run(job, lambda *words: said.append(words))
    assert said[0] == ("work", 0, 2)
    return found.work, found.components


def test_a_torch_variant_gets_counts_and_times_of_the_same_parts(job):
    counted, timed = measured(job())
    pixels = np.prod(small.SIZE)
    assert {p.name: p.macs for p in counted.parts} == {
        "backbone": pixels * 8 * 27,
        "head": pixels * 4 * 8,
    }
    assert set(timed.parts_ns) == {"backbone", "head", "other"}
    assert len(timed.whole_ns) == len(timed.plain_ns) == 3


def test_a_model_is_counted_once_at_a_size(job):
    first, _ = measured(job())
    import work_step_net

    before = len(work_step_net.CALLS)
    again = work._work(job())
    assert again == first
    assert len(work_step_net.CALLS) == before
    twice = job().case.protocol.model_copy(update={"batch_size": 2})
    assert sum(p.macs for p in work._work(job(protocol=twice)).parts) == 2 * sum(
        p.macs for p in first.parts
    )
    assert len(work_step_net.CALLS) == before + 1


def test_other_runtimes_say_why_their_parts_have_no_times(job):
    counted, timed = measured(job(small.OPENVINO))
    assert counted.parts
    assert timed.absent.startswith("openvino runs the model as a whole")


def test_a_users_file_is_counted_from_its_graph(job, tmp_path):
    of = small.model(small.conv_graph(tmp_path / "conv.onnx"))
    counted, timed = measured(job(small.ORT, model=of))
    assert [p.macs for p in counted.parts] == [np.prod(small.SIZE) * 12]
    assert timed.absent == "there is no ONNX file"
