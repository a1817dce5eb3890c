"""Real shards of a real session, joined, against one pass."""

import pytest

from bench.jobs.measure import CaseJob, ShardJob
from bench.measure.steps import case as whole
from bench.measure.steps import shard as step
from bench.plan.shards import join, part
from bench.record.store import read_arrays
from tests import small

IMAGES = 7


def say(*words):
    pass


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Result of a case in batches of two, and the cache of its artifact and reference."""
    home = tmp_path_factory.mktemp("shard")
    of = small.model(small.conv_graph(home / "conv.onnx", batch=2))
    data = small.folder(small.pictures(home / "pictures", IMAGES))
    asks = {"scenario": "offline", "batch_size": 2, "gallery_images": 3, "parity_images": 4}
    block = small.block(of, data, protocol=small.QUICK.model_copy(update=asks))
    result = small.one(small.suite(block), home / "run", home / "cache")
    assert result.status == "ok", result.reason
    return result, home / "cache"


def job(kind, done, out, **fields):
    result, cache = done
    references = (cache / "references").iterdir()
    return kind(
        case=result.case, cache=str(cache), out=str(out / "report"), size=small.SIZE,
        artifact=result.artifact.digest, reference=next(p.name for p in references if p.is_dir()),
        **fields,
    )  # fmt: skip


def arrays(found, out):
    files = {m.kind: m.arrays for m in found.measurements if hasattr(m, "arrays")}
    return {k: read_arrays(out / "report.files" / "cases", f) for k, f in files.items()}


def test_joined_shards_equal_the_pass_of_the_case(done, tmp_path):
    payloads = [step.run(job(ShardJob, done, tmp_path, shard=(k, 3)), say) for k in (2, 0, 1)]
    assert [p.indices for p in payloads] == [(4, 5), (0, 1, 6), (2, 3)]
    beside = tmp_path / "report.files"
    files = {f"cases/{p.name}": p.read_bytes() for p in (beside / "cases").iterdir()}
    joined, joined_arrays = join([part(p, files) for p in payloads])
    measurements = {m.kind: m for m in joined.measurements}

    result, _ = done
    assert joined.asked == IMAGES
    assert joined.images == result.get("confusion").images
    for kind in ("confusion", "parity", "gallery"):
        want = result.get(kind)
        found = measurements[kind]
        free = {"arrays"} & set(type(found).model_fields)
        assert found.model_dump(exclude=free) == want.model_dump(exclude=free), kind
    assert len(result.get("parity").outputs["map"].squared_error) == 4
    assert len(measurements["accuracy_pass"].forward_ns) == IMAGES
    again = whole.run(job(CaseJob, done, tmp_path), say)
    for kind, want in arrays(again, tmp_path).items():
        found = joined_arrays[kind]
        assert {k: v.tobytes() for k, v in found.items()} == {
            k: v.tobytes() for k, v in want.items()
        }


def test_a_case_whose_accuracy_is_sharded_is_timed_only(done, tmp_path):
    found = whole.run(job(CaseJob, done, tmp_path, sharded=True), say)
    assert [m.kind for m in found.measurements] == ["timing", "memory"]
