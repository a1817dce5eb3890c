from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from bench.datasets.base import content_digest
from bench.datasets.cityscapes import CityscapesLoader
from bench.datasets.scenes import loader as module
from bench.datasets.scenes.layout import compose
from bench.datasets.scenes.loader import COUNTS, SPLITS, ScenesLoader
from bench.errors import DatasetError
from bench.suite.classes import CITYSCAPES
from bench.suite.dataset import Dataset

LOADER = ScenesLoader()
SMALL = {"height": 48, "width": 96, "count": 4}


def _spec(**options: object) -> Dataset:
    return Dataset(name="scenes", loader="scenes", options={**SMALL, **options})


def _hashes(cache: Path) -> dict[str, str]:
    return {
        p.relative_to(cache).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in cache.rglob("*")
        if p.is_file() and p.suffix != ".lock"
    }


def test_same_seed_same_bytes_in_the_exact_layout(tmp_path: Path) -> None:
    for name in ("one", "two"):
        LOADER.prepare(_spec(), tmp_path / name)
    found = _hashes(tmp_path / "one")
    assert found == _hashes(tmp_path / "two")
    names = sorted(n.split("/", 2)[2] for n in found)
    assert len(names) == 4 * 3 + 1
    assert "leftImg8bit/val/kaltenbach/kaltenbach_000000_000003_leftImg8bit.png" in names
    assert "gtFine/val/lindenau/lindenau_000000_000001_gtFine_labelIds.png" in names
    assert "gtFine/val/morgenstadt/morgenstadt_000000_000002_gtFine_instanceIds.png" in names


def test_files_are_the_painted_scenes(tmp_path: Path) -> None:
    images = LOADER.open(_spec(seed=3), tmp_path)
    assert len(images.names) == 4
    assert images.groups == ("kaltenbach", "lindenau", "morgenstadt", "kaltenbach")
    for i in range(4):
        scene = compose((3, SPLITS["val"], i), 48, 96)
        assert np.array_equal(images.image(i), scene.image)
        truth, ids = images.truth(i), images.instances(i)
        assert ids is not None
        assert np.array_equal(truth == 0, scene.labels == 7)
        assert np.array_equal(ids > 0, scene.instances >= 1000)
        counted = ids > 0
        assert np.array_equal(ids[counted] // 1000 - 1, truth[counted])
        assert np.array_equal(ids[counted] % 1000, scene.instances[counted] % 1000)


def test_segments_are_what_was_painted(tmp_path: Path) -> None:
    images = LOADER.open(_spec(seed=3), tmp_path)
    things = 0
    for i in range(4):
        scene = compose((3, SPLITS["val"], i), 48, 96)
        found = images.segments(i)
        assert found is not None
        assert not found.crowd.any()
        assert np.array_equal(found.labels(), images.truth(i))
        for k, name in enumerate(found.classes, 1):
            info = CITYSCAPES[name]
            (value,) = np.unique(scene.instances[found.ids == k])
            assert value // 1000 == info.label_id if info.has_instances else value == info.label_id
            assert np.array_equal(found.ids == k, scene.instances == value)
            things += info.has_instances
    assert things > 8


def test_cityscapes_reads_them_too(tmp_path: Path) -> None:
    images = LOADER.open(_spec(), tmp_path)
    plain = Dataset(name="c", loader="cityscapes", root=str(images.root))
    other = CityscapesLoader().open(plain, tmp_path)
    assert set(other.names) == set(images.names)
    at = other.names.index(images.names[2])
    assert np.array_equal(other.truth(at), images.truth(2))


def test_another_split_is_made_on_demand(tmp_path: Path) -> None:
    LOADER.prepare(_spec(), tmp_path)
    assert not list(tmp_path.rglob("train"))
    train = LOADER.open(_spec(), tmp_path, split="train", count=2)
    assert len(train.names) == 2
    assert len(list(tmp_path.rglob("*leftImg8bit/train/*/*.png"))) == 2
    more = LOADER.open(_spec(), tmp_path, split="train", count=3)
    assert more.names[:2] == train.names
    assert len(LOADER.open(_spec(), tmp_path, split="train", count=1).names) == 1
    assert content_digest(more, 2) == content_digest(train)


def test_counts_by_split() -> None:
    spec = _spec(count={"train": 7})
    assert module._count(spec, "train", None) == 7
    assert module._count(spec, "val", None) == COUNTS["val"]
    assert module._count(_spec(count=9), "val", None) == 9
    assert module._count(_spec(count=9), "train", None) == COUNTS["train"]
    assert module._count(_spec(count=9), "train", 5) == 5


def test_a_killed_maker_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    LOADER.prepare(_spec(), tmp_path / "whole")
    calls: list[tuple[int, ...]] = []

    def dying(seed: tuple[int, ...], height: int, width: int) -> object:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(seed)
        return compose(seed, height, width)

    monkeypatch.setattr(module, "compose", dying)
    with pytest.raises(KeyboardInterrupt):
        LOADER.prepare(_spec(), tmp_path / "part")
    assert not list(tmp_path.glob("part/**/manifest*"))
    calls.clear()
    monkeypatch.setattr(module, "compose", lambda s, h, w: calls.append(s) or compose(s, h, w))
    LOADER.prepare(_spec(), tmp_path / "part")
    assert [c[-1] for c in calls] == [2, 3]
    assert _hashes(tmp_path / "part") == _hashes(tmp_path / "whole")


def test_damaged_and_deleted_files_are_painted_again(tmp_path: Path) -> None:
    images = LOADER.open(_spec(), tmp_path)
    before = _hashes(tmp_path)
    images.files(1)[0].write_bytes(b"damaged")
    images.files(2)[2].unlink()
    LOADER.prepare(_spec(), tmp_path)
    assert _hashes(tmp_path) == before


def test_a_second_preparation_paints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LOADER.prepare(_spec(), tmp_path)
    monkeypatch.setattr(module, "compose", None)
    LOADER.prepare(_spec(), tmp_path)
    LOADER.open(_spec(), tmp_path)


def test_manifest_names_every_file(tmp_path: Path) -> None:
    images = LOADER.open(_spec(), tmp_path)
    manifest = json.loads((images.root / "manifest-val.json").read_text())
    assert len(manifest["files"]) == 12
    for name, sha in manifest["files"].items():
        assert hashlib.sha256((images.root / name).read_bytes()).hexdigest() == sha
    (images.root / "manifest-val.json").write_text("{half")
    assert module._manifest(images.root, "val") == {}


def test_plan_digest_follows_every_option() -> None:
    variants = [
        {}, {"seed": 1}, {"height": 64}, {"width": 128}, {"count": 5},
    ]  # fmt: skip
    digests = {LOADER.plan_digest(_spec(**v)) for v in variants}
    digests.add(LOADER.plan_digest(_spec().model_copy(update={"split": "test"})))
    assert len(digests) == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"heigth": 9}, "unknown option 'heigth'"),
        ({"height": 3}, "'height' is 3"),
        ({"seed": -1}, "'seed' is -1"),
        ({"count": 0}, "'count' is 0"),
        ({"count": {"vall": 3}}, "no split 'vall'"),
        ({"count": "many"}, "'count' is 'many'"),
    ],
)
def test_wrong_options(options: dict[str, object], words: str) -> None:
    with pytest.raises(DatasetError, match=words):
        LOADER.plan_digest(_spec(**options))


def test_unknown_split(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no split 'vla'"):
        LOADER.open(_spec(), tmp_path, split="vla")


def test_a_cache_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "datasets").write_text("a file, no folder")
    with pytest.raises(DatasetError, match="can't be written") as caught:
        LOADER.prepare(_spec(), tmp_path)
    assert "SEGBENCH_CACHE" in caught.value.hint


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DatasetError, match="No space left on device"):
        LOADER.prepare(_spec(), tmp_path)
    assert [p for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".lock"] == []
