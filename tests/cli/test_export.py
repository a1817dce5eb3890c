import pytest
from typer.testing import CliRunner

from bench.cli.app import app


def run(*words):
    return CliRunner().invoke(app, ["export", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing", "--variant", "torchscript-fp32"], "no model called 'nothing'"),
        (["segformer-micro", "--variant", "torchscript"], "Did you mean 'torchscript-fp32'"),
        (["segformer-micro", "--variant", "torch-fp32"], "has no recipe"),
        (
            ["segformer-micro", "--variant", "torchscript-fp32", "--weights", "/no/such"],
            "there is no folder",
        ),
    ],
)
def test_mistakes_are_sentences(tmp_path, words, said):
    done = run(*words, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("x")
    done = run("segformer-micro", "--variant", "torchscript-fp32", "--out", tmp_path)
    assert done.exit_code == 2
    assert "isn't an empty folder" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.e2e
def test_weights_that_lack_tensors_are_never_filled_up(tmp_path):
    config = '{"model_type": "segformer", "num_labels": 19, "hidden_sizes": [8, 8, 8, 8], \
"depths": [1, 1, 1, 1], "num_attention_heads": [1, 1, 1, 1], "decoder_hidden_size": 8}'
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "config.json").write_text(config)
    (tmp_path / "tiny" / "model.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    done = run(
        "segformer-micro", "--variant", "torchscript-fp32", "--out", tmp_path / "out",
        "--weights", tmp_path / "tiny", "--height", 64, "--width", 64,
    )  # fmt: skip
    # The library would fill what an empty file lacks with random numbers and say nothing.
    assert done.exit_code == 3, done.output
    assert "lack " in done.stderr
    assert not (tmp_path / "out").exists()
