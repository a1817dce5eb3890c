import json

import pytest

from bench.record.parse import head, parse
from bench.record.result import Result
from bench.record.store import read_run, to_json, write_atomic
from tests.builders import build_run, result

NASTY = ('\n "measurements": [\n', "\n ],", "x]", '"measurements": []')


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return build_run(tmp_path_factory.mktemp("run"))


def test_a_head_is_the_result_without_its_measurements(run):
    for path in run.files.values():
        content = path.read_bytes()
        whole = Result.model_validate_json(content)
        without = whole.model_copy(update={"measurements": ()})
        assert Result.model_validate_json(head(content)) == without
        assert len(head(content)) < len(content) or not whole.measurements


@pytest.mark.parametrize("word", NASTY)
def test_words_that_look_like_the_layout_cut_nothing(run, word):
    for whole in (run.results[0], result()):
        made = whole.model_copy(update={"reason": word, "notes": (word,), "mismatches": (word,)})
        found = Result.model_validate_json(head(to_json(made)))
        assert found == made.model_copy(update={"measurements": ()})


def test_what_is_laid_out_otherwise_is_read_whole(run, tmp_path):
    path = next(iter(run.files.values()))
    raw = json.loads(path.read_bytes())
    for content in (json.dumps(raw).encode(), json.dumps({**raw, "schema": 2}, indent=1).encode()):
        assert head(content) == content
        write_atomic(tmp_path / "x.json", content)
        assert parse(Result, tmp_path / "x.json", head) == read_run(run.folder).results[0]
