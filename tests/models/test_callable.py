import re
from pathlib import Path

import pytest
import torch

from bench.errors import BadInput, CodeRefused
from bench.models.callable import CallableLoader
from bench.suite.model import Model
from bench.transforms.labels import reference


def model(location):
    return Model(name="mine", loader="callable", source="code", location=location)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_the_source_file_is_the_digest_and_nothing_is_run(tmp_path):
    path = tmp_path / "mine_digest.py"
    path.write_text("raise SystemExit('it was run')\n")
    first = CallableLoader().digest(model("mine_digest:build"), allow_code=True)
    path.write_text("raise SystemExit('it was  run')\n")
    assert CallableLoader().digest(model("mine_digest:build"), allow_code=True) != first


def test_two_functions_of_a_file_are_two_models(tmp_path):
    (tmp_path / "mine_two.py").write_text("")
    found = {
        CallableLoader().digest(model(f"mine_two:{name}"), allow_code=True)
        for name in ("build", "large", "small")
    }
    assert len(found) == 3


def test_without_leave_not_even_the_source_is_read():
    for call in (CallableLoader().digest, CallableLoader().build):
        with pytest.raises(CodeRefused, match="--allow-code"):
            call(model("no_such_module:build"))


@pytest.mark.parametrize("location", ["mine", "mine:", ":build", ""])
def test_a_location_has_two_parts(location):
    with pytest.raises(BadInput, match=r"package\.module:build"):
        CallableLoader().digest(model(location), allow_code=True)


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(BadInput, match="no module called 'no_such_module'"):
        CallableLoader().digest(model("no_such_module:build"), allow_code=True)
    with pytest.raises(BadInput, match=r"'no_such_package.x' can't be imported"):
        CallableLoader().digest(model("no_such_package.x:build"), allow_code=True)


@pytest.fixture
def documented(tmp_path):
    """Builds a net of the example in suites/README.md."""
    text = (Path(__file__).parents[2] / "suites" / "README.md").read_text()
    code = re.search(r"^```python\n# nets.py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[1]
    (tmp_path / "nets_of_readme.py").write_text(code)
    return lambda name: CallableLoader().build(model(f"nets_of_readme:{name}"), allow_code=True)


@pytest.mark.parametrize("name", ["fcn", "pspnet", "efficientnet"])
def test_the_documented_nets_are_built_and_segment(documented, name):
    net = documented(name)
    with torch.no_grad():
        (logits,) = net(torch.ones(1, 3, 64, 96))
    assert net.output_names == ("logits",)
    labels = reference({"logits": logits.numpy()}, (64, 96), (50, 90))
    assert labels.shape == (50, 90)
    assert labels.max() < 3


def test_the_documented_nets_have_the_same_weights_in_every_process(documented):
    pairs = zip(
        documented("efficientnet").parameters(),
        documented("efficientnet").parameters(),
        strict=True,
    )
    assert all(torch.equal(a, b) for a, b in pairs)
