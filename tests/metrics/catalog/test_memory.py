from bench.metrics.base import Source
from bench.metrics.catalog import memory
from bench.record.result import StepRecord
from tests.builders import Planned, build_run


def test_bytes_as_recorded_and_reasons_where_there_are_none(tmp_path):
    rows = (Planned(file_bytes=7000, peak_bytes=10**9), Planned("torch-bf16", status="failed"))
    run = build_run(tmp_path, rows)
    found = memory.metrics(Source(run, run.results[0], None))
    assert found["file_bytes"].value == 7000
    assert found["weight_bytes"].value == 6300
    assert found["rss_peak_bytes"].value == 10**9
    assert found["gpu_process_bytes"].reason == "There is no GPU on this machine."
    failed = memory.metrics(Source(run, run.results[1], None))
    assert {m.value for m in failed.values()} == {None}
    assert all(m.reason.startswith("failed: ") for m in failed.values())


def test_a_format_that_hides_its_weights_says_so(tmp_path):
    run = build_run(tmp_path, (Planned(),))
    artifact = run.results[0].artifact.model_copy(update={"weight_bytes": None})
    result = run.results[0].model_copy(update={"artifact": artifact})
    found = memory.metrics(Source(run, result, None))
    assert found["weight_bytes"].reason == "the format doesn't tell its weights apart"


def test_a_file_is_weights_folded_constants_and_graph(tmp_path):
    run = build_run(tmp_path, (Planned(file_bytes=7000),))
    steps = (
        StepRecord(name="onnx", wall_s=1, peak_rss_bytes=900),
        StepRecord(name="openvino", wall_s=1, peak_rss_bytes=400),
    )
    artifact = run.results[0].artifact.model_copy(update={"tensor_bytes": 6800, "steps": steps})
    result = run.results[0].model_copy(update={"artifact": artifact})
    found = memory.metrics(Source(run, result, None))
    names = ("weight_bytes", "constant_bytes", "graph_bytes")
    assert [found[n].value for n in names] == [6300, 500, 200]
    assert sum(found[n].value for n in names) == found["file_bytes"].value
    assert found["export_rss_peak_bytes"].value == 900
    older = memory.metrics(Source(run, run.results[0], None))
    assert older["constant_bytes"].reason == "the artifact's tensors were not counted"
    assert older["graph_bytes"].reason == "the artifact's tensors were not counted"
    assert older["export_rss_peak_bytes"].reason == "no export step made it"
