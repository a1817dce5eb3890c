"""What the harness costs: a case's wall time over what it started, loaded and measured.

Run with `nox -s benchmarks`, on an idle machine; the bound is 1.15.
"""

from tests import small

LIMIT = 1.15
SIZE = (256, 512)


def test_a_case_costs_little_more_than_what_it_measures(benchmark, tmp_path, cache):
    path = small.conv_graph(tmp_path / "conv.onnx", size=SIZE)
    of = small.model(path)
    of = of.model_copy(update={"onnx": of.onnx.model_copy(update={"height": 256, "width": 512})})
    data = small.folder(small.pictures(tmp_path / "pictures", 40, SIZE))
    protocol = small.QUICK.model_copy(update={"iterations": 300, "parity_images": 16})
    asked = small.suite(small.block(of, data, protocol=protocol))
    small.one(asked, tmp_path / "warm", cache)  # artifacts and reference are steps of their own

    result = benchmark.pedantic(small.one, (asked, tmp_path / "run", cache), rounds=1, iterations=1)
    assert result.status == "ok", result.reason
    p = result.process
    known = p.startup_s + p.import_s + p.load_s + p.accuracy_s + p.timing_s
    ratio = p.wall_s / known
    benchmark.extra_info["wall / known"] = round(ratio, 3)
    benchmark.extra_info["process"] = p.model_dump()
    assert ratio <= LIMIT, p
