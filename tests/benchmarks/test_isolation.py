"""A session in its own process, whose parent blocks, against one in the caller's process.

Interleaved, so that the machine's moods hit both alike. Run with `nox -s benchmarks`, on an idle
machine; the ratio of medians is at most 1.05.
"""

from pathlib import Path

import numpy as np

from bench.devices import machine
from bench.jobs.measure import TimingJob
from bench.measure import performance
from bench.measure.session import load_case
from bench.suite.target import Target
from tests import small

ROUNDS = 7
WITHIN = 0.05
SIZE = (512, 1024)
WIDE = 64


def graph(path: Path) -> Path:
    """Two convolutions with some work in them, a few tens of milliseconds."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)

    def weight(*shape):
        return rng.normal(size=shape).astype(np.float32) / 10

    made = helper.make_graph(
        [
            helper.make_node("Conv", ["picture", "a"], ["x"], pads=[1] * 4, strides=[4, 4]),
            helper.make_node("Relu", ["x"], ["y"]),
            helper.make_node("Conv", ["y", "b"], ["z"], pads=[1] * 4),
            helper.make_node("Conv", ["z", "c"], ["scores"]),
        ],
        "wide",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, *SIZE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(weight(WIDE, 3, 3, 3), "a"),
            numpy_helper.from_array(weight(WIDE, WIDE, 3, 3), "b"),
            numpy_helper.from_array(weight(4, WIDE, 1, 1), "c"),
        ],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, path)
    return path


def test_a_session_in_its_own_process_is_as_fast(benchmark, tmp_path, cache):
    of = small.model(graph(tmp_path / "wide.onnx"))
    of = of.model_copy(update={"onnx": of.onnx.model_copy(update={"height": 512, "width": 1024})})
    data = small.folder(small.pictures(tmp_path / "pictures", 2, SIZE))
    everything = Target(name="cpu", threads=machine.cores())
    protocol = small.QUICK.model_copy(update={"warmup": 5, "iterations": 40})
    asked = small.suite(small.block(of, data, protocol=protocol, targets=(everything,)))
    own: list[float] = []
    same: list[float] = []

    def pair(i: int) -> None:
        result = small.one(asked, tmp_path / f"run{i}", cache)
        assert result.status == "ok", result.reason
        own.append(forward(result.get("timing")))
        same.append(here(result, tmp_path, cache))

    rounds = iter(range(ROUNDS))
    benchmark.pedantic(lambda: pair(next(rounds)), rounds=ROUNDS, iterations=1)
    ratio = float(np.median(own) / np.median(same))
    benchmark.extra_info["own process / caller's"] = round(ratio, 3)
    benchmark.extra_info["forward_ms"] = [round(float(np.median(v)) / 1e6, 2) for v in (own, same)]
    # Faster than in the caller's process is no fault.
    assert ratio <= 1 + WITHIN


def here(result, home: Path, cache: Path) -> float:
    """Median nanoseconds of a forward pass of the same loop in this process."""
    job = TimingJob(
        case=result.case, cache=str(cache), threads=result.case.target.threads, size=SIZE,
        artifact=result.artifact.digest,
    )  # fmt: skip
    loaded, _ = load_case(job, result.case.variant)
    found = performance.measure(loaded, lambda *words: None)
    loaded.session.close()
    return forward(found)


def forward(found) -> float:
    return float(np.median(found.launches[0].phases_ns["forward"]))
