import pytest

from bench.plan import keys
from bench.suite.variant import Step
from tests import builders, small


@pytest.fixture
def case():
    return builders.case(variant=small.INT8, model=builders.model())


def digests(case, variant=None, weights="w", size=(32, 64), data="d"):
    case = case.model_copy(update={"weights_digest": weights})
    return keys.recipe_digests(case, variant or case.variant, size, data)


def test_a_ceiling_belongs_to_the_machine_the_device_and_the_threads(monkeypatch):
    def key(device="cpu", threads=2, machine="m"):
        return keys.ceiling_digest(device, threads, machine)

    assert key() == key()
    others = {key(threads=1), key("cuda"), key(machine="n")}
    one = key()
    monkeypatch.setattr(keys, "installed", lambda d: "0.0.1")
    assert len({one, *others, key()}) == 5


def test_each_step_follows_from_the_one_before(case):
    first, second = digests(case)
    assert first != second
    assert digests(case, case.variant.model_copy(update={"steps": case.variant.steps[:1]})) == [
        first
    ]
    assert digests(case, small.DYNAMIC)[0] == first


def test_prose_changes_nothing(case):
    variant = case.variant.model_copy(update={"about": "Words.", "name": "other"})
    assert digests(case, variant) == digests(case)


@pytest.mark.parametrize("change", [{"weights": "v"}, {"size": (64, 64)}])
def test_what_all_steps_depend_on(case, change):
    assert not set(digests(case, **change)) & set(digests(case))


def test_batch_size_counts_for_all(case):
    batch = case.model_copy(update={"protocol": case.protocol.model_copy(update={"batch_size": 2})})
    assert not set(digests(batch)) & set(digests(case))


def test_options_count_from_their_step_on(case):
    steps = (case.variant.steps[0], Step(name="ort-int8-static", options={"method": "entropy"}))
    changed = digests(case, case.variant.model_copy(update={"steps": steps}))
    assert changed[0] == digests(case)[0]
    assert changed[1] != digests(case)[1]


@pytest.mark.parametrize("what", ["data", "images", "preprocess", "pixels"])
def test_calibration_counts_for_quantizers_only(case, what):
    variant, more = case.variant, {}
    if what == "data":
        more["data"] = "e"
    elif what == "images":
        calibration = variant.calibration.model_copy(update={"images": 9})
        variant = variant.model_copy(update={"calibration": calibration})
    elif what == "preprocess":
        protocol = case.protocol.model_copy(update={"preprocess": "other"})
        case = case.model_copy(update={"protocol": protocol})
    else:
        pixels = case.model.pixels.model_copy(update={"channels": "bgr"})
        case = case.model_copy(update={"model": case.model.model_copy(update={"pixels": pixels})})
    before = digests(builders.case(variant=small.INT8, model=builders.model()))
    after = digests(case, variant, **more)
    assert after[0] == before[0]
    assert after[1] != before[1]


def test_versions_count(case, monkeypatch):
    before = digests(case)
    monkeypatch.setattr(keys, "installed", lambda name: "9" if name == "onnxruntime" else "1")
    after = digests(case)
    assert after[1] != before[1]
    monkeypatch.setattr(keys, "installed", lambda name: "1")
    assert digests(case)[0] == after[0]


def test_the_reference_is_known_by_all_that_its_outputs_depend_on(case):
    def key(of=case, weights="w", size=(32, 64), data="d", machine="m"):
        of = of.model_copy(update={"weights_digest": weights})
        return keys.reference_digest(of, size, data, machine)

    def with_(part, **update):
        return case.model_copy(update={part: getattr(case, part).model_copy(update=update)})

    same = (
        with_("reference", about="Words."),
        with_("protocol", iterations=99, gallery_images=0),
        case.model_copy(update={"variant": small.ORT}),
    )
    assert {key(of) for of in same} == {key()}
    other = (
        key(weights="v"), key(size=(64, 64)), key(data="e"), key(machine="n"),
        key(with_("protocol", images=3)), key(with_("protocol", parity_images=3)),
        key(with_("protocol", postprocess="hf")), key(with_("target", device="cuda")),
        key(with_("dataset", split="test")), key(with_("reference", options={"autocast": True})),
    )  # fmt: skip
    assert len({key(), *other}) == len(other) + 1
