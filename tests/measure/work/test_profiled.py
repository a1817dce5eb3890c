import pytest

from bench.jobs.measure import WorkJob
from bench.measure.work import components, profiled
from bench.measure.work.profiled import UNNAMED, summed
from tests import small

NAMED = {"node_conv": "backbone.stage1", "conv2d": "backbone.stage1", "node_matmul": "heads"}


def node(name, ts, dur):
    return {"cat": "Node", "name": f"{name}_kernel_time", "ts": ts, "dur": dur}


def run(ts, dur):
    return {"cat": "Session", "name": "model_run", "ts": ts, "dur": dur}


def test_events_are_summed_by_call_and_part_and_the_rest_is_the_runtimes_own():
    events = [
        run(0, 50), node("node_conv", 1, 40),  # a warm-up call
        run(100, 60), node("node_conv", 101, 20), node("node_matmul/MatMulAddFusion/", 130, 9),
        run(200, 70), node("conv2d_nchwc_token_12", 201, 30), node("Reorder_token_3", 240, 5),
        {"cat": "Node", "name": "node_conv_fence_before", "ts": 200, "dur": 9},
    ]  # fmt: skip
    found = summed(events, NAMED, [61_000, 72_000], [50_000, 55_000])
    assert found.parts_ns == {
        "backbone.stage1": (20_000, 30_000),
        "heads": (9_000, 0),
        "other": (32_000, 37_000),
        UNNAMED: (0, 5_000),
    }
    assert found.how == "profiler"


def test_a_graph_that_the_optimizer_made_anew_gives_a_reason():
    events = [run(0, 60), node("nchwc_17", 1, 50), node("node_conv", 52, 5)]
    found = summed(events, NAMED, [60_000], [60_000])
    assert not found.parts_ns
    assert found.absent.startswith("83% of the time went to nodes")


def test_a_users_file_has_no_parts_to_time(tmp_path):
    from bench.exporters.notes import ArtifactNote, write_note

    folder = tmp_path / "artifacts" / "a"
    small.conv_graph(folder / "model.onnx")
    note = ArtifactNote(model="model.onnx", input="picture", outputs={"scores": "logits"})
    write_note(folder, note)
    data = small.folder(small.pictures(tmp_path / "pictures"))
    case = small.suite(small.block(small.model(folder / "model.onnx"), data)).expand()[0]
    job = WorkJob(case=case, cache=str(tmp_path), size=small.SIZE, artifact="a")
    assert "doesn't tell which part" in profiled.measure(job).absent
    assert "no ONNX file" in profiled.measure(job.model_copy(update={"artifact": None})).absent
    target = case.target.model_copy(update={"device": "cuda"})
    on_gpu = job.model_copy(update={"case": case.model_copy(update={"target": target})})
    assert "launch of a node" in profiled.measure(on_gpu).absent


def test_both_sessions_take_turns():
    said = []
    calls = (lambda: said.append("p"), lambda: said.append("-"))
    first, second = components.in_turns(*map(profiled._rested, calls), 4)
    assert len(first) == len(second) == 4
    assert "".join(said) == "p--pp--p"


@pytest.mark.parametrize("name", ["node_conv", "conv2d_nchwc", "node_conv/Fusion/_token_4"])
def test_suffixes_of_the_optimizer_are_taken_off(name):
    assert profiled._part(f"{name}_kernel_time", NAMED) == "backbone.stage1"
