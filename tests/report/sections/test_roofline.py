from __future__ import annotations

from bench.report.blocks import Figure, Table
from bench.report.sections import roofline
from tests.builders import Planned


def test_every_form_with_a_ceiling_has_its_share(view):
    section = roofline.section(view)
    table = next(b for b in section.blocks if isinstance(b, Table))
    shown = {r[0].text: [c.text for c in r[1:]] for r in table.rows}
    # bf16 has no ceiling in this record, and the other target another number of threads' worth.
    assert list(shown) == ["torch-fp32", "onnx-onnxruntime-fp32", "onnx-onnxruntime-int8-static"]
    fp32 = shown["torch-fp32"]
    assert fp32[1:4] == ["10.0", "200", "compute"]
    assert abs(float(fp32[0]) / 200 - float(fp32[4]) / 100) < 0.005
    assert shown["onnx-onnxruntime-int8-static"][1:3] == ["40.0", "400"]


def test_the_chart_says_in_words_what_it_shows(view):
    figures = [b for b in roofline.section(view).blocks if isinstance(b, Figure)]
    assert figures[0].name == "roofline"
    assert figures[0].alt.startswith("3 variants: torch-fp32 ")
    assert len({f.name for f in figures}) == len(figures)


def test_one_form_alone_needs_no_chart(view_of):
    section = roofline.section(view_of(Planned()))
    assert not [b for b in section.blocks if isinstance(b, Figure)]
    assert [b for b in section.blocks if isinstance(b, Table)]
