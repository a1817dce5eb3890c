import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import CaseFailed
from bench.suite.model import Pixels
from bench.suite.protocol import Protocol
from bench.transforms.geometry import Geometry, Window
from bench.transforms.labels import HF, REFERENCE
from bench.transforms.panoptic import PANOPTIC
from bench.transforms.pixels import normalize, normalize_float

torch = pytest.importorskip("torch")
PLAIN = Pixels(scale=1.0, mean=(0.0,) * 3, std=(1.0,) * 3)
NAMES = ("stretch", "pad", "letterbox", "sliding")
SIDES = st.tuples(st.integers(4, 40), st.integers(4, 40))


def picture(height, width, seed=0, block=4):
    """Blocks of pure red, green and blue: a pixel's class is its brightest channel."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 3, (-(-height // block), -(-width // block)))
    labels = coarse.repeat(block, 0).repeat(block, 1)[:height, :width]
    return (255 * np.eye(3)[labels]).astype(np.uint8), labels.astype(np.uint8)


def seen(geometry, image, size, rule=REFERENCE):
    """Labels of a model that gives its input's planes as logits."""
    x = geometry.cut(image, PLAIN, size, normalize_float)
    return geometry.restored(rule, rule.call)({"logits": x}, size, image.shape[:2])


@given(
    image=SIDES,
    size=SIDES,
    name=st.sampled_from(NAMES),
    stride=st.floats(0.1, 1),
    scales=st.sampled_from([(1.0,), (0.5, 1.0, 1.75)]),
    flip=st.booleans(),
)
def test_windows_cover_every_scale_and_hold_no_more_than_an_input(
    image, size, name, stride, scales, flip
):
    geometry = Geometry(name, stride, scales, flip)
    if name == "pad" and (image[0] > size[0] or image[1] > size[1]):
        with pytest.raises(CaseFailed, match="doesn't shrink"):
            geometry.windows(image, size)
        return
    windows = geometry.windows(image, size)
    assert len({(w.scaled, w.flip) for w in windows}) <= len(scales) * (1 + flip)
    assert not geometry.once or len(windows) == 1
    for turn in {(w.scaled, w.flip) for w in windows}:
        held = np.zeros(turn[0], int)
        for window in windows:
            rows, columns, y, x = window.inside(size)
            assert (rows.stop - rows.start, columns.stop - columns.start) == (
                y.stop - y.start, x.stop - x.start)  # fmt: skip
            assert y.stop <= size[0] and x.stop <= size[1]  # noqa: PT018
            if (window.scaled, window.flip) == turn:
                held[rows, columns] += 1
        assert held.min() >= 1


@pytest.mark.parametrize(
    ("geometry", "size"),
    [
        (Geometry("pad"), (32, 64)),
        (Geometry("pad", flip=True), (32, 64)),
        (Geometry("sliding"), (16, 24)),
        (Geometry("sliding", stride=1.0), (16, 16)),
        (Geometry("sliding", stride=0.3, flip=True), (9, 21)),
        (Geometry("letterbox"), (60, 52)),
        (Geometry(flip=True), (30, 52)),
    ],
)
def test_labels_come_back_to_their_pixels(geometry, size):
    image, labels = picture(30, 52)
    assert np.array_equal(seen(geometry, image, size), labels)


@pytest.mark.parametrize("scales", [(0.5,), (2.0,), (0.5, 1.0, 2.0)])
@pytest.mark.parametrize("name", ["stretch", "letterbox", "sliding"])
def test_scales_come_back_to_their_pixels(name, scales):
    image, labels = picture(48, 80, block=16)
    found = seen(Geometry(name, scales=scales, flip=True), image, (48, 64))
    assert (found == labels).mean() > 0.93


def test_a_letterbox_keeps_the_aspect_ratio_and_is_centred():
    (window,) = Geometry("letterbox").windows((50, 100), (64, 64))
    assert window == Window((32, 64), -16, 0)
    x = Geometry("letterbox").cut(np.full((50, 100, 3), 255, np.uint8), PLAIN, (64, 64), normalize)
    assert np.all(x[0, :, 16:48] == 255)
    assert not x[0, :, :16].any()
    assert not x[0, :, 48:].any()


def test_padding_is_the_authors_order():
    """Masks upsampled to the padded input, combined, cropped: `MaskFormer.forward` of Mask2Former."""
    rng = np.random.default_rng(0)
    masks = rng.normal(0, 3, (1, 7, 8, 16)).astype(np.float32)
    classes = rng.normal(0, 2, (1, 7, 5)).astype(np.float32)
    upsampled = torch.nn.functional.interpolate(
        torch.from_numpy(masks), size=(32, 64), mode="bilinear", align_corners=False
    )
    weights = torch.from_numpy(classes).softmax(-1)[..., :-1]
    combined = torch.einsum("bqc,bqhw->bchw", weights, upsampled.sigmoid())[..., :30, :50]
    rule = Geometry("pad").restored(REFERENCE, REFERENCE.call)
    found = rule({"mask_logits": masks, "class_logits": classes}, (32, 64), (30, 50))
    assert (found == combined[0].argmax(0).numpy()).mean() > 0.999


@pytest.mark.parametrize("queries", [True, False])
def test_scales_and_mirror_images_are_averaged(queries):
    """Combined maps of a mask classifier, probabilities of plain logits."""
    rng = np.random.default_rng(1)
    geometry, size = Geometry(scales=(1.0, 0.5), flip=True), (16, 32)
    outputs = (
        {
            "mask_logits": rng.normal(0, 3, (4, 6, 8, 16)).astype(np.float32),
            "class_logits": rng.normal(0, 2, (4, 6, 5)).astype(np.float32),
        }
        if queries
        else {"logits": rng.normal(0, 3, (4, 4, 8, 16)).astype(np.float32)}
    )

    def resized(x, to):
        return torch.nn.functional.interpolate(x, size=to, mode="bilinear", align_corners=False)

    named = {k: torch.from_numpy(v) for k, v in outputs.items()}
    if queries:
        maps = torch.einsum(
            "bqc,bqhw->bchw",
            named["class_logits"].softmax(-1)[..., :-1],
            resized(named["mask_logits"], size).sigmoid(),
        )
    else:
        maps = resized(named["logits"], size)
    whole, half = maps[:2], maps[2:, :, :8, :16]  # half of the image lies in the corner
    both = [torch.stack([part[0], part[1].flip(-1)]) for part in (whole, half)]
    if not queries:
        both = [part.softmax(1) for part in both]
    expected = sum(resized(part, (20, 40)).sum(0) for part in both)
    found = geometry.restored(REFERENCE, REFERENCE.call)(outputs, size, (20, 40))
    assert (found == expected.argmax(0).numpy()).mean() > 0.998


def test_the_librarys_rule_has_a_map_as_well():
    image, labels = picture(30, 52, block=8)
    assert (seen(Geometry("sliding"), image, (16, 24), HF) == labels).all()
    rng = np.random.default_rng(2)
    outputs = {
        "mask_logits": rng.normal(0, 3, (1, 6, 8, 16)).astype(np.float32),
        "class_logits": rng.normal(0, 2, (1, 6, 5)).astype(np.float32),
    }
    pad = Geometry("pad").restored(HF, HF.call)
    assert np.array_equal(
        pad(outputs, (32, 64), (30, 50)), HF.call(outputs, (32, 64), (32, 64))[:30, :50]
    )
    assert HF.scores is not None
    near = HF.scores(outputs, (32, 64)).argmax(0) == HF.call(outputs, (32, 64), (32, 64))
    assert near.mean() > 0.999


def test_what_has_no_map_is_refused():
    with pytest.raises(CaseFailed, match="averages class maps"):
        Geometry("letterbox").restored(PANOPTIC, PANOPTIC.call)
    rule = Geometry("sliding").restored(REFERENCE, REFERENCE.call)
    for name in ("labels", "features"):
        with pytest.raises(CaseFailed, match=f"gives {name}"):
            rule({name: np.zeros((2, 8, 8), np.float32)}, (8, 8), (8, 12))


def test_a_protocol_names_it():
    asked = Protocol(geometry="sliding", stride=0.5, scales=(0.75, 1.0), flip=True)
    assert Geometry.of(asked) == Geometry("sliding", 0.5, (0.75, 1.0), True)
    assert Geometry.of(Protocol()).plain
