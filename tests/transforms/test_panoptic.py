from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import Unsupported
from bench.segments import PanopticOptions, Segments
from bench.transforms.panoptic import panoptic, panoptic_hf

torch = pytest.importorskip("torch")
CLASSES = 7
STUFF = {0: "road", 1: "wall", 2: "sky"}
SIDES = st.integers(1, 40)
SIZES = st.tuples(SIDES, SIDES)


def _options(**more: object) -> PanopticOptions:
    return PanopticOptions(**{
        "threshold": 0.5, "mask_threshold": 0.5, "overlap_mask_area_threshold": 0.8,
        "label_ids_to_fuse": STUFF, **more,
    })  # fmt: skip


def _outputs(seed: int, queries: int, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Blobs with sharp and soft edges, some queries sure of a class, some of none."""
    rng = np.random.default_rng(seed)
    h, w = size
    masks = rng.normal(size=(queries, h, w)).astype(np.float32)
    masks = np.stack([cv2.GaussianBlur(m, (0, 0), max(h, w) / 5) for m in masks])
    masks = 6 * masks / (np.abs(masks).max(axis=(1, 2), keepdims=True) + 1e-6)
    masks += rng.normal(0, 2, (queries, 1, 1)).astype(np.float32)
    logits = rng.normal(0, 1, (queries, CLASSES + 1))
    logits[np.arange(queries), rng.integers(0, CLASSES + 1, queries)] += rng.uniform(0, 8, queries)
    return {
        "class_logits": logits[None].astype(np.float32),
        "mask_logits": masks[None].astype(np.float32),
    }


def _resize(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    return torch.nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


def _authors(
    outputs: dict[str, np.ndarray],
    input_size: tuple[int, int],
    image_size: tuple[int, int],
    options: PanopticOptions,
) -> tuple[np.ndarray, list[int]]:
    """The rule of Mask2Former's authors, plainly, in torch, on whole maps."""
    masks = _resize(torch.from_numpy(outputs["mask_logits"]), input_size)
    prob = _resize(masks, image_size)[0].sigmoid()
    scores, names = torch.from_numpy(outputs["class_logits"])[0].softmax(-1).max(-1)
    keep = [q for q in range(len(names)) if names[q] < CLASSES and scores[q] > options.threshold]
    found, classes = np.zeros(image_size, np.int32), []
    if not keep:
        return found, classes
    won = (scores[keep][:, None, None] * prob[keep]).argmax(0)
    number = {}
    for k, q in enumerate(keep):
        own = prob[q] >= options.mask_threshold
        segment = (won == k) & own
        if not segment.any():
            continue
        if (won == k).sum().item() / own.sum().item() < options.overlap_mask_area_threshold:
            continue
        name = int(names[q])
        if name not in options.label_ids_to_fuse or name not in number:
            classes.append(name)
            number[name] = len(classes)
        found[segment.numpy()] = number[name]
    return found, classes


def _librarys(
    outputs: dict[str, np.ndarray], image_size: tuple[int, int] | None, options: PanopticOptions,
    processor: str = "Mask2FormerImageProcessorPil",
) -> tuple[np.ndarray, list[int]]:  # fmt: skip
    """transformers' own, without fusing: it can give one id to two segments after it has fused."""
    transformers = pytest.importorskip("transformers")
    made = getattr(transformers, processor)
    raw = SimpleNamespace(
        class_queries_logits=torch.from_numpy(outputs["class_logits"].copy()),
        masks_queries_logits=torch.from_numpy(outputs["mask_logits"].copy()),
    )
    (one,) = made.post_process_panoptic_segmentation(
        None,
        raw,
        threshold=options.threshold,
        mask_threshold=options.mask_threshold,
        overlap_mask_area_threshold=options.overlap_mask_area_threshold,
        label_ids_to_fuse=set(),
        target_sizes=[image_size] if image_size else None,
    )
    ids = one["segmentation"].numpy().astype(np.int32).clip(0)  # -1 where nothing was found
    return ids, [s["label_id"] for s in one["segments_info"]]


def _boxes(queries: list[int], columns: int) -> dict[str, np.ndarray]:
    """Queries sure of these classes, each with a box of 24 x 8 pixels beside the last one's."""
    masks = np.full((1, len(queries), 24, 8 * columns), -9.0, np.float32)
    logits = np.zeros((1, len(queries), CLASSES + 1), np.float32)
    for k, name in enumerate(queries):
        left = 8 * (k % columns)
        masks[0, k, :, left : left + 8] = 9.0
        logits[0, k, name] = 9.0
    return {"class_logits": logits, "mask_logits": masks}


def _same(found: Segments, ids: np.ndarray, classes: list[int], pixels: int = 0) -> None:
    assert found.ids.dtype == np.int32
    assert found.classes.tolist() == classes
    assert found.crowd.tolist() == [False] * len(classes)
    assert found.ids.shape == ids.shape
    assert (found.ids != ids).sum() <= pixels


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), queries=st.integers(1, 12), own=SIZES, inner=SIZES, size=SIZES,
    threshold=st.sampled_from([0.0, 0.3, 0.5, 0.9]), mask=st.sampled_from([0.25, 0.5, 0.75]),
    overlap=st.sampled_from([0.0, 0.31, 0.8, 0.97]),
)  # fmt: skip
def test_equals_the_authors_rule(
    seed: int, queries: int, own: tuple[int, int], inner: tuple[int, int], size: tuple[int, int],
    threshold: float, mask: float, overlap: float,
) -> None:  # fmt: skip
    outputs = _outputs(seed, queries, own)
    options = _options(
        threshold=threshold, mask_threshold=mask, overlap_mask_area_threshold=overlap
    )
    found = panoptic(outputs, inner, size, options)
    # float32 rounds otherwise in the two interpolations: a pixel on an edge may differ.
    _same(found, *_authors(outputs, inner, size, options), pixels=2)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000), queries=st.integers(1, 12), own=SIZES,
    size=SIZES | st.just((384, 384)), threshold=st.sampled_from([0.0, 0.3, 0.5, 0.9]),
    mask=st.sampled_from([0.25, 0.5, 0.75]), overlap=st.sampled_from([0.0, 0.31, 0.8, 0.97]),
)  # fmt: skip
def test_hf_equals_the_library(
    seed: int, queries: int, own: tuple[int, int], size: tuple[int, int],
    threshold: float, mask: float, overlap: float,
) -> None:  # fmt: skip
    outputs = _outputs(seed, queries, own)
    options = _options(
        threshold=threshold, mask_threshold=mask, overlap_mask_area_threshold=overlap,
        label_ids_to_fuse={},
    )  # fmt: skip
    ids, classes = _librarys(outputs, size, options)
    _same(panoptic_hf(outputs, (1, 1), size, options), ids, classes, pixels=2)


@pytest.mark.parametrize("seed", range(6))
def test_hf_equals_the_librarys_oneformer_where_nothing_is_resized(seed: int) -> None:
    outputs = _outputs(seed, 12, (384, 384))
    options = _options(threshold=0.2, overlap_mask_area_threshold=0.4, label_ids_to_fuse={})
    ids, classes = _librarys(outputs, None, options, "OneFormerImageProcessorPil")
    _same(panoptic_hf(outputs, (1, 1), (384, 384), options), ids, classes)


@pytest.mark.parametrize("rule", [panoptic, panoptic_hf])
def test_stuff_is_fused_and_things_are_not(rule: Callable) -> None:
    outputs = _boxes([0, 4, 0, 4, 6, 1], columns=6)
    found = rule(outputs, (24, 48), (24, 48), _options())
    assert found.classes.tolist() == [0, 4, 4, 6, 1]
    assert [found.ids[12, 4 + 8 * k] for k in range(6)] == [1, 2, 1, 3, 4, 5]
    merged = rule(outputs, (24, 48), (24, 48), _options(label_ids_to_fuse={0: "flat", 1: "flat"}))
    assert merged.classes.tolist() == [0, 4, 4, 6]
    assert merged.ids[12, 44] == merged.ids[12, 4] == 1
    apart = rule(outputs, (24, 48), (24, 48), _options(label_ids_to_fuse={}))
    assert apart.classes.tolist() == [0, 4, 0, 4, 6, 1]


def test_the_library_gives_two_segments_one_id_after_fusing() -> None:
    # What `panoptic-hf` leaves out on purpose; if this fails, its docstring is to be changed.
    transformers = pytest.importorskip("transformers")
    outputs = _boxes([0, 4, 0, 5], columns=4)
    (one,) = transformers.Mask2FormerImageProcessorPil.post_process_panoptic_segmentation(
        None,
        SimpleNamespace(
            class_queries_logits=torch.from_numpy(outputs["class_logits"]),
            masks_queries_logits=torch.from_numpy(outputs["mask_logits"]),
        ),
        label_ids_to_fuse=set(STUFF),
    )
    assert [(s["id"], s["label_id"]) for s in one["segments_info"]] == [
        (1, 0),
        (2, 4),
        (1, 0),
        (2, 5),
    ]


def test_a_query_that_lost_its_mask_is_dropped() -> None:
    # Two queries on one box: the surer one wins all of it.
    outputs = _boxes([3, 4], columns=1)
    outputs["class_logits"][0, 0] /= 2
    found = panoptic(outputs, (8, 8), (8, 8), _options())
    assert found.classes.tolist() == [4]
    assert set(np.unique(found.ids)) == {1}


def test_the_two_rules_differ_in_what_a_mask_is() -> None:
    # Score 0.6 and sigmoid 0.7: the mask holds every pixel for the authors, none for the library.
    outputs = {
        "class_logits": np.log(np.full((1, 1, 2), [0.6, 0.4], np.float32)),
        "mask_logits": np.full((1, 1, 4, 4), np.log(0.7 / 0.3), np.float32),
    }
    assert panoptic(outputs, (4, 4), (4, 4), _options()).ids.tolist() == [[1] * 4] * 4
    assert not panoptic_hf(outputs, (4, 4), (4, 4), _options()).ids.any()


@pytest.mark.parametrize("rule", [panoptic, panoptic_hf])
@pytest.mark.parametrize("what", ["no-object", "unsure", "nan"])
def test_nothing_found_is_all_void(rule: Callable, what: str) -> None:
    outputs = _outputs(0, 5, (8, 8))
    if what == "no-object":
        outputs["class_logits"][..., CLASSES] = 60.0
    elif what == "unsure":
        outputs["class_logits"][:] = 0.0
    else:
        outputs["class_logits"][:] = np.nan
    found = rule(outputs, (8, 8), (12, 20), _options())
    assert found.ids.shape == (12, 20)
    assert not found.ids.any()
    assert found.classes.shape == found.crowd.shape == (0,)


@pytest.mark.parametrize("rule", [panoptic, panoptic_hf])
def test_broken_numbers_are_void_and_raise_no_warning(rule: Callable) -> None:
    outputs = _boxes([3, 4], columns=2)
    outputs["mask_logits"][0, 1, :3] = np.nan
    outputs["mask_logits"][0, 0, 20:] = np.inf
    found = rule(outputs, (24, 16), (24, 16), _options(overlap_mask_area_threshold=0.1))
    assert not found.ids[:2].any()
    assert found.ids[12].tolist() == [1] * 8 + [2] * 8


def test_only_the_first_image_of_a_batch_counts() -> None:
    one, two = _outputs(1, 6, (8, 16)), _outputs(2, 6, (8, 16))
    both = {k: np.concatenate([one[k], two[k]]) for k in one}
    alone, found = (panoptic(o, (16, 32), (16, 32), _options(threshold=0)) for o in (one, both))
    _same(found, alone.ids, alone.classes.tolist())


def test_more_queries_than_a_byte_can_number() -> None:
    queries = 300
    masks = np.full((1, queries, 20, 15), -9.0, np.float32)
    masks.reshape(queries, 300)[np.arange(queries), np.arange(queries)] = 9.0
    logits = np.zeros((1, queries, 3), np.float32)
    logits[..., 1] = 9.0
    outputs = {"class_logits": logits, "mask_logits": masks}
    found = panoptic(outputs, (20, 15), (20, 15), _options(label_ids_to_fuse={}))
    assert found.ids.ravel().tolist() == list(range(1, queries + 1))


def test_strips_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = _outputs(4, 10, (16, 32))
    options = _options(threshold=0.2, overlap_mask_area_threshold=0.2)
    jobs = [((64, 128), (64, 128)), ((64, 128), (90, 70)), ((64, 128), (20, 33))]
    whole = [rule(outputs, *job, options) for job in jobs for rule in (panoptic, panoptic_hf)]
    assert all(len(w.classes) > 1 for w in whole)
    monkeypatch.setattr("bench.transforms.strips.SCRATCH", 1)
    found = [rule(outputs, *job, options) for job in jobs for rule in (panoptic, panoptic_hf)]
    for a, b in zip(found, whole, strict=True):
        _same(a, b.ids, b.classes.tolist(), pixels=2)


@pytest.mark.parametrize("rule", [panoptic, panoptic_hf])
def test_outputs_stay_as_they_are(rule: Callable) -> None:
    outputs = _outputs(5, 6, (384, 384))
    before = {k: v.copy() for k, v in outputs.items()}
    rule(outputs, (384, 384), (384, 384), _options(threshold=0))
    assert all(np.array_equal(outputs[k], before[k]) for k in outputs)


def test_a_model_without_queries_is_told() -> None:
    with pytest.raises(Unsupported, match="this model has logits") as caught:
        panoptic({"logits": np.zeros((1, 3, 4, 4), np.float32)}, (4, 4), (4, 4), _options())
    assert '"semantic"' in caught.value.hint


@pytest.mark.parametrize("rule", [panoptic, panoptic_hf])
def test_scratch_memory_is_bounded(rule: Callable) -> None:
    outputs = _outputs(6, 100, (64, 128))
    tracemalloc.start()
    rule(outputs, (512, 1024), (512, 1024), _options(threshold=0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24e6  # whole maps of 100 queries take 210 MB
