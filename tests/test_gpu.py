import sys

import pytest

from tests import gpu
from tests.gpu import Found

HERE = (3, 11)
GOOD = Found(
    "/opt/conda/bin/python", HERE, "2.13.0+cu130", cuda=True, folders=("/opt/conda/site-packages",)
)
CPU = Found("/usr/bin/python3", HERE, "2.13.0+cpu")


def interpreter(folder, code):
    """A program that ignores its words and answers."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return str(path)


def test_interpreters_are_named_once_and_nox_comes_first():
    places = {"python3": "/usr/bin/python3", "python": "/nox/bin/python"}
    environ = {"CONDA_PREFIX": "/opt/conda", "VIRTUAL_ENV": "/nox"}
    found = gpu.interpreters("/nox/bin/python", environ, places.get)
    assert found == ("/nox/bin/python", "/opt/conda/bin/python", "/usr/bin/python3")
    assert gpu.interpreters("/p", {}, lambda name: None) == ("/p",)


def test_the_first_torch_that_can_use_the_gpu_is_taken():
    choice = gpu.choose([CPU, GOOD], HERE)
    assert choice.folders == GOOD.folders
    assert choice.install == ()
    assert choice.log == (
        "/usr/bin/python3 has torch 2.13.0+cpu, which can't use the GPU",
        "/opt/conda/bin/python has torch 2.13.0+cu130, which can use the GPU: it is taken",
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found("p"), "p has no torch"),
        (CPU, "can't use the GPU"),
        (Found("p", (3, 12), "2.13.0+cu130", cuda=True), "for Python 3.12, and this is 3.11"),
        (Found("p", HERE, "2.7.1+cu126", cuda=True), "older than 2.8"),
    ],
)
def test_else_torch_is_installed_and_the_log_says_why(found, said):
    choice = gpu.choose([found], HERE)
    assert said in choice.log[0]
    assert choice.folders == ()
    assert choice.install == ("torch>=2.8",)
    named = gpu.choose([found], HERE, "https://whl/cu130")
    assert named.install == ("--index-url", "https://whl/cu130", "torch>=2.8")
    assert named.log[-1] == "torch is installed from https://whl/cu130"


def test_an_interpreter_is_asked_through_its_noise(tmp_path):
    told = '{"python": [3, 11], "torch": "2.13.0+cu130", "cuda": true, "folders": ["/x/site-packages"]}'
    noisy = interpreter(tmp_path, f"print('a warning'); print('TOLD' + '''{told}''')")
    want = Found(noisy, HERE, "2.13.0+cu130", cuda=True, folders=("/x/site-packages",))
    assert gpu.ask(noisy) == want


@pytest.mark.parametrize("code", ["print('nothing')", "raise SystemExit(3)"])
def test_one_that_does_not_answer_has_no_torch(code, tmp_path):
    assert not gpu.ask(interpreter(tmp_path, code)).torch
    assert gpu.ask(str(tmp_path / "absent")).misfit(HERE) == "has no torch"


def test_the_question_itself_runs_where_there_is_no_torch(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise ImportError('none here')")
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", gpu.ASK], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert '"torch": null' in done.stdout


def test_only_torch_loses_its_pin():
    text = "# CPU build\ntorch==2.13.0\ntorchmetrics==1.9.0\nnumpy==2.4.6\n"
    assert gpu.without_torch(text) == "# CPU build\ntorchmetrics==1.9.0\nnumpy==2.4.6\n"
