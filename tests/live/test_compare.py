import math

import pytest

from bench.errors import BadInput, CaseFailed, NothingMeasured
from bench.live import compare
from bench.metrics.pairs import log_ratio
from bench.record.pairs import PairsRecord
from bench.record.store import file_stem, read_run
from tests import small
from tests.live import scripted


@pytest.fixture(scope="module")
def runs(tmp_path_factory, cache):
    """Two folders of the same small suite."""
    home = tmp_path_factory.mktemp("live")
    of = small.model(small.conv_graph(home / "conv.onnx"))
    data = small.folder(small.pictures(home / "pictures"))
    plain = small.QUICK.model_copy(update={"work": False, "ceiling": False})
    asked = small.suite(small.block(of, data, protocol=plain))
    for name in ("base", "new"):
        assert small.one(asked, home / name, cache).status == "ok"
    return home / "base", home / "new"


@pytest.fixture
def scripted_pairs(monkeypatch):
    """Ratios of the pairs to come; the last repeats. Returns the list and what was measured."""
    ratios, seen = [1.0], []

    def measured(old, new, logs, rng, plan):
        seen.append((old, new))
        ratio = ratios.pop(0) if len(ratios) > 1 else ratios[0]
        if isinstance(ratio, BaseException):
            raise ratio
        return scripted.pair(ratio, len(seen), noise=0.005)

    monkeypatch.setattr(compare.pair, "live", measured)
    return ratios, seen


def stored(run) -> PairsRecord:
    (found,) = read_run(run).pairs().values()
    return found


def test_two_real_processes_are_measured_and_stored(runs):
    base, new = runs
    lines = []
    (found,) = compare.measure(new, str(base), pairs=2, say=lines.append)
    assert stored(new) == found
    assert len(found.pairs) in {2, 4}
    assert found.baseline == str(base)
    assert found.baseline_code == found.candidate_code
    assert found.machine.identity == read_run(new).results[0].environment.machine.identity
    assert all(math.isfinite(log_ratio(p)) for p in found.pairs)
    assert any("live pair 1" in line for line in lines)
    assert not (new / "pairs" / compare.BEGUN).exists()


def test_the_policys_number_of_pairs_unless_told(runs, scripted_pairs):
    base, new = runs
    (found,) = compare.measure(new, str(base), say=print)
    assert (len(found.pairs), found.first) == (10, None)


def test_a_suspicion_is_measured_again(runs, scripted_pairs):
    base, new = runs
    scripted_pairs[0][:] = [1.2]
    (found,) = compare.measure(new, str(base), pairs=3, say=print)
    assert (len(found.pairs), found.first, found.confirms) == (6, 3, True)


def test_a_killed_gate_goes_on_and_a_finished_one_begins_anew(runs, scripted_pairs):
    base, new = runs
    ratios, seen = scripted_pairs
    ratios[:] = [1.0, 1.0, KeyboardInterrupt(), 1.0]
    with pytest.raises(KeyboardInterrupt):
        compare.measure(new, str(base), pairs=4, say=print)
    half = stored(new)
    assert len(half.pairs) == 2
    (found,) = compare.measure(new, str(base), pairs=4, say=print)
    assert found.pairs[:2] == half.pairs
    assert len(seen) == 5
    (again,) = compare.measure(new, str(base), pairs=4, say=print)
    assert len(seen) == 9
    assert again.pairs != found.pairs


def test_another_question_begins_anew(runs, scripted_pairs, tmp_path):
    base, new = runs
    ratios, seen = scripted_pairs
    ratios[:] = [1.0, KeyboardInterrupt(), 1.0]
    with pytest.raises(KeyboardInterrupt):
        compare.measure(new, str(base), pairs=2, say=print)
    compare.measure(new, f"{base}/", pairs=2, say=print)
    assert len(seen) == 4


def test_a_side_that_died_leaves_what_was_measured(runs, scripted_pairs):
    base, new = runs
    scripted_pairs[0][:] = [1.0, CaseFailed("The candidate's process ended.")]
    with pytest.raises(CaseFailed, match="candidate's process ended"):
        compare.measure(new, str(base), pairs=4, say=print)
    assert len(stored(new).pairs) == 1


def test_what_cannot_be_compared_is_one_sentence(runs, tmp_path, monkeypatch):
    base, new = runs
    with pytest.raises(NothingMeasured, match="has no timed case"):
        compare.measure(new, str(base), only="nothing*", say=print)
    with pytest.raises(BadInput, match="at least two"):
        compare.measure(new, str(base), pairs=1, say=print)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="'nowhere' is neither a run folder nor a git revision"):
        compare.measure(new, "nowhere", say=print)


def test_a_case_that_the_base_lacks_is_left_out(runs, scripted_pairs, tmp_path):
    base, new = runs
    (case,) = (r.case for r in read_run(new).results)
    path = base / "cases" / f"{file_stem(case.id)}.json"
    content = path.read_bytes()
    path.unlink()
    try:
        with pytest.raises(NothingMeasured):
            compare.measure(new, str(base), say=print)
    finally:
        path.write_bytes(content)


def test_two_equal_sides_are_called_the_same_program(runs, scripted_pairs):
    base, new = runs
    lines = []
    compare.measure(new, str(base), pairs=2, say=lines.append)
    assert sum("same program" in line for line in lines) == 1


@pytest.mark.parametrize("side", [0, 1], ids=["base", "candidate"])
def test_a_case_whose_weights_were_replaced_is_refused(runs, scripted_pairs, side):
    base, new = runs
    run = runs[side]
    (result,) = read_run(run).results
    path = run / "cases" / f"{file_stem(result.case.id)}.json"
    content = path.read_bytes()
    path.write_bytes(content.replace(result.case.weights_digest.encode(), b"0" * 64))
    try:
        with pytest.raises(BadInput, match=f"were replaced since {run} was measured"):
            compare.measure(new, str(base), say=print)
    finally:
        path.write_bytes(content)


@pytest.mark.parametrize("what", ["versions", "code"])
def test_a_killed_gate_does_not_go_on_with_other_means(
    runs, scripted_pairs, monkeypatch, what, tmp_path
):
    base, new = runs
    ratios, seen = scripted_pairs
    ratios[:] = [1.0, KeyboardInterrupt(), 1.0]
    with pytest.raises(KeyboardInterrupt):
        compare.measure(new, str(base), pairs=2, say=print)
    if what == "versions":
        monkeypatch.setattr(compare.probe, "versions", lambda case: {"onnxruntime": "99"})
    else:
        monkeypatch.setattr(compare, "MEANS", compare.MEANS[:-1])
    compare.measure(new, str(base), pairs=2, say=print)
    assert len(seen) == 4


def test_a_case_that_the_revision_cannot_run_is_left_out(
    runs, scripted_pairs, monkeypatch, tmp_path
):
    """Of two cases: one is told with its reason and the other measured; with none left it raises."""
    _, new = runs
    (case,) = (r.case for r in read_run(new).results)
    other = case.model_copy(update={"axis": "other"})

    refused = {other.id}

    class Old(compare.revision.Revision):
        def start(self, case, cache, tell, *, allow_code):
            if case.id in refused:
                raise BadInput(f"It can't run {case.id}.")
            return compare.Start(compare.ready(case, cache, tell)), "c" * 16

    old = Old("main", "c" * 40, tmp_path, tmp_path)
    monkeypatch.setattr(compare.scope, "choose", lambda *_: [(case, case), (other, other)])
    monkeypatch.setattr(compare.revision, "find", lambda *_: None)
    monkeypatch.setattr(compare.revision, "build", lambda *_: old)
    lines = []
    found, absent = compare.measure(new, "main", pairs=2, say=lines.append)
    assert (found.case, len(found.pairs), found.absent) == (case.id, 2, "")
    assert (absent.case, absent.pairs) == (other.id, ())
    assert absent.absent == f"It can't run {other.id}."
    assert read_run(new).pairs()[other.id] == absent
    assert any(f"{other.id} is left out: It can't run" in line for line in lines)
    refused.add(case.id)
    with pytest.raises(BadInput, match=f"can't run {case.id}"):
        compare.measure(new, "main", pairs=2, say=lines.append)
