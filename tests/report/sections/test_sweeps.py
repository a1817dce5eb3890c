from __future__ import annotations

from bench.report.blocks import Figure, Table
from bench.report.sections.sweeps import section
from tests.builders import ROWS, Planned, Swept


def grown(key, values, slugs=("torch-fp32", "onnx-onnxruntime-fp32"), power=1.0, **more):
    return [
        Swept(
            slug, latency_ms=10.0 * (v**power if isinstance(v, int) else 1), sweep={key: v}, **more
        )
        for slug in slugs
        for v in values
    ]


def of(found, kind):
    return [b for b in found.blocks if isinstance(b, kind)]


def test_a_run_without_a_sweep_has_no_section(view_of):
    assert section(view_of(*ROWS, images=2)) is None


def test_each_key_has_a_drawing_and_a_table(view_of):
    planned = [*grown("batch_size", (1, 2, 4)), *grown("threads", (1, 2), power=-1.0), Planned()]
    found = section(view_of(*planned, images=2))
    batch, threads = of(found, Table)
    assert [f.name for f in of(found, Figure)] == ["sweep", "sweep-2"]
    assert [c.title for c in batch.columns] == ["Variant", "1", "2", "4", "Exponent"]
    assert [row[0].text for row in batch.rows] == ["torch-fp32", "onnx-onnxruntime-fp32"]
    assert "an image" in batch.rows[0][2].detail
    assert float(batch.rows[0][4].text) > 0.9
    assert " to " in batch.rows[0][4].detail
    assert threads.rows[0][2].detail.endswith("x as fast")
    assert not threads.rows[0][1].detail
    assert threads.rows[0][3].text.startswith("\N{MINUS SIGN}")
    assert "two points" in threads.rows[0][3].note


def test_a_point_that_is_missing_is_a_dash_with_its_reason(view_of):
    planned = grown("batch_size", (1, 2), slugs=("torch-fp32",))
    planned += grown("batch_size", (1, 2, 4), slugs=("onnx-onnxruntime-fp32",))
    planned += grown("batch_size", (4,), slugs=("torch-bf16",), status="failed", reason="It broke.")
    planned += grown("batch_size", (1, 2), slugs=("torch-bf16",))
    gone = {"status": "failed", "reason": "No."}
    planned += grown("batch_size", (1, 2), slugs=("torchscript-fp32",), **gone)
    found = section(view_of(*planned, images=2))
    (table,), (figure,) = of(found, Table), of(found, Figure)
    assert figure.alt.startswith("3 variants")
    torch, _, bf16, script = table.rows
    assert {c.note for c in script[1:3]} == {"failed: No."}
    assert "doesn't ask" in torch[3].note
    assert "It broke." in bf16[3].note


def test_a_sweep_of_which_nothing_was_measured_is_quiet(view_of):
    planned = grown("batch_size", (1, 2), status="failed", reason="It broke.")
    assert section(view_of(*planned, images=2)) is None
