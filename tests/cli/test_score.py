import json

import pytest
from typer.testing import CliRunner

from bench.cli.app import app
from tests.official import official, write_layout


def run(*args):
    return CliRunner().invoke(app, ["score", *map(str, args)])


@pytest.fixture
def layout(tmp_path):
    return (tmp_path, *write_layout(tmp_path, images=3))


def test_json_is_all_that_stands_on_standard_output(layout):
    root, predictions, truths = layout
    done = run(root / "results", "--dataset", "cityscapes", "--root", root, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=pytest.fail)
    assert (found["schema"], found["dataset"], found["images"]) == (1, "cityscapes", 3)
    theirs = official(predictions, truths)
    assert found["metrics"]["miou"] == pytest.approx(theirs["averageScoreClasses"], abs=1e-12)
    assert found["metrics"]["iiou"] == pytest.approx(theirs["averageScoreInstClasses"], abs=1e-12)
    assert found["metrics"]["iou"]["fence"] is None


def test_the_table_is_in_percent(layout):
    root, predictions, truths = layout
    done = run(root / "results", "--dataset", "cityscapes", "--root", root)
    assert done.exit_code == 0
    assert f"{100 * official(predictions, truths)['averageScoreClasses']:.2f}" in done.stdout
    assert "traffic light" in done.stdout


def test_mistakes_are_sentences(layout):
    root, predictions, _ = layout
    unknown = run(root / "results", "--dataset", "cityscape", "--root", root)
    assert unknown.exit_code == 2
    assert "Did you mean 'cityscapes'" in unknown.stderr
    encoding = run(root / "results", "--dataset", "cityscapes", "--root", root, "--encoding", "rgb")
    assert encoding.exit_code == 2
    assert "'rgb' is no encoding" in encoding.stderr
    predictions[0].unlink()
    missing = run(root / "results", "--dataset", "cityscapes", "--root", root)
    assert missing.exit_code == 2
    assert "aachen_000000_000019 has no prediction" in missing.stderr
    assert missing.stdout == ""


@pytest.mark.parametrize("split", ["../val", "/val", ".", "", "val/"])
def test_a_split_is_one_part_of_a_path(layout, split):
    root, *_ = layout
    done = run(root / "results", "--dataset", "cityscapes", "--root", root, "--split", split)
    assert done.exit_code == 2
    assert f"{split!r} can't be the name of a split." in done.stderr


def test_another_split_is_looked_for_where_it_lies(layout):
    root, *_ = layout
    done = run(root / "results", "--dataset", "cityscapes", "--root", root, "--split", "test")
    assert done.exit_code == 2
    assert "test" in done.stderr
