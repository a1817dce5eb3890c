from bench.execute.node import difference


def test_a_difference_names_what_both_have():
    own = {"python": "3.13", "torch": "2.13.0", "numpy": "2.4"}
    assert difference(own, dict(own)) == ""
    assert difference(own, {**own, "torch": "2.12.0"}) == "torch is 2.12.0 there and 2.13.0 here"
    assert difference(own, {"python": "3.13"}) == ""
    assert difference(own, {**own, "onnxruntime": "1.2"}) == ""
