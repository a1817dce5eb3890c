from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import BadInput, SuiteError, UnknownName
from bench.suite.load import find_suite, load_suite, shipped, tables
from bench.suite.protocol import LARGEST, Protocol

SWIN = "mask2former-swin-large-cityscapes"

SMALL = """
name = "small"
title = "Small"

[protocol]
images = 5
warmup = 1

[[block]]
model = "mask2former-micro"
dataset = "scenes"
variants = ["torch-fp32"]
targets = ["cpu"]
protocol = { images = 7 }
"""


def write(folder: Path, text: str = SMALL, name: str = "small.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def refused(folder: Path, old: str, new: str, kind: type[Exception] = SuiteError) -> BadInput:
    """The error that one change of the small suite gives; it names the file."""
    assert old in SMALL
    path = write(folder, SMALL.replace(old, new))
    with pytest.raises(kind) as e:
        load_suite(path)
    assert str(path) in str(e.value)
    assert isinstance(e.value, BadInput)
    return e.value


@pytest.mark.parametrize("name", sorted(shipped()))
def test_every_shipped_suite_loads_and_expands(name: str) -> None:
    suite = load_suite(name)
    assert suite.name == name
    assert suite.title
    ids = [c.id for c in suite.expand()]
    assert len(ids) == len(set(ids)) > 0


def test_quickstart_is_what_the_readme_promises() -> None:
    cases = load_suite("quickstart").expand()
    ids = [c.id for c in cases]
    assert ids[0] == "mask2former-micro/torch-fp32/cpu/scenes"
    on_cpu = [c for c in cases if c.target.name == "cpu"]
    assert len({c.variant.slug for c in on_cpu if c.model.name == "mask2former-micro"}) == 10
    assert sum(c.model.name == "segformer-micro" for c in on_cpu) == 3
    others = sorted(c.target.name for c in cases if c.target.name != "cpu")
    assert others == ["cpu-1-thread", "cuda", "nvidia-h200"]
    assert {c.protocol.images for c in cases} == {50}
    assert all(
        c.variant.calibration is None or c.variant.calibration.split == "train" for c in cases
    )


def test_the_real_thing_runs_at_both_sizes() -> None:
    cases = load_suite(SWIN).expand()
    on_cpu = {(c.variant.slug, c.axis) for c in cases if c.target.device == "cpu"}
    assert {("torchscript-fp32", "512x1024"), ("torch-fp32", "1024x2048")} <= on_cpu
    assert all(c.axis == f"{c.protocol.height}x{c.protocol.width}" for c in cases)


def test_a_block_overrides_single_keys_of_the_protocol(tmp_path: Path) -> None:
    (case,) = load_suite(write(tmp_path)).expand()
    assert (case.protocol.images, case.protocol.warmup) == (7, 1)


def test_a_shipped_name_wins_and_a_path_is_taken(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quickstart").mkdir()
    assert find_suite("quickstart").name == "quickstart.toml"
    path = write(tmp_path, name="without-ending")
    assert find_suite("without-ending") == Path(path.name)


def test_a_suite_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"'quickstrat'.*Did you mean 'quickstart'"):
        load_suite("quickstrat")
    with pytest.raises(SuiteError, match=r"no file .*quickstrat.toml.*'quickstart'"):
        load_suite("quickstrat.toml")
    with pytest.raises(SuiteError, match="is a folder"):
        load_suite(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Small"', 'titel = "Small"', ["'titel'", "'title'"]),
        ('title = "Small"', "", ["lacks the key 'title'"]),
        ("images = 5", 'images = "5"', ["protocol.images", '"5"', "integer"]),
        ("images = 5", "images = true", ["protocol.images", "true"]),
        ("images = 5", "images = 0", ["protocol.images = 0", "greater"]),
        ("images = 5", "iterashuns = 5", ["protocol", "'iterashuns'", "'iterations'"]),
        ("images = 5", "images = 2026-01-01", ["protocol.images", "2026-01-01"]),
        ("images = 5", 'scenario = "singel_stream"', ["protocol.scenario", "'single_stream'"]),
        ("images = 5", "timeout_s = -1", ["protocol.timeout_s = -1"]),
        ("{ images = 7 }", '{ images = "7" }', ["block[1].protocol.images", '"7"']),
        ('variants = ["torch-fp32"]', "variants = []", ["block[1].variants"]),
        ('["cpu"]', '"cpu"', ["block[1].targets", '"cpu"']),
        ('targets = ["cpu"]', "", ["block[1] lacks the key 'targets'"]),
        ('name = "small"', 'name = "../small"', ["'../small'"]),
        ('name = "small"', 'name = "a__b"', ["'a__b'"]),
        ('name = "small"', "name = ", ["isn't TOML", "line 2"]),
        ('dataset = "scenes"', 'dataset = "scenes"\naxis = "a/b"', ["block[1].axis", "'a/b'"]),
        ("warmup = 1", "warmup = 1\n[gate]\nmiou = 1", ["gate", "'miou'", "'miou_margin'"]),
        ("warmup = 1", 'warmup = 1\n[parity]\nsqnr_db = "x"', ["parity.sqnr_db", '"x"']),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    text = str(refused(tmp_path, old, new))
    for words in said:
        assert words in text
    assert "\n" not in text
    assert "pydantic" not in text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"mask2former-micro"', '"mask2former-mirco"', ["block[1].model", "'mask2former-micro'"]),
        ('"scenes"', '"scences"', ["block[1].dataset", "'scenes'"]),
        ('["torch-fp32"]', '["torch-fp23"]', ["block[1].variants[1]", "'torch-fp32'"]),
        ('["cpu"]', '["cpu", "cudaa"]', ["block[1].targets[2]", "'cuda'"]),
        ('title = "Small"', 'title = "S"\nreference = "torch"', ["reference", "'torch-"]),
        ("images = 5", 'preprocess = "normalise"', ["protocol.preprocess", "'normalize'"]),
        ("images = 7", 'postprocess = "hff"', ["block[1].protocol.postprocess", "'hf'"]),
    ],
)  # fmt: skip
def test_unknown_names_get_the_nearest_one(tmp_path: Path, old, new, said) -> None:
    text = str(refused(tmp_path, old, new, UnknownName))
    for words in said:
        assert words in text


def test_one_block_twice_is_refused(tmp_path: Path) -> None:
    block = SMALL[SMALL.index("[[block]]") :]
    with pytest.raises(SuiteError, match=r"names the case .* twice"):
        load_suite(write(tmp_path, SMALL + block))
    again = block.replace("protocol = {", 'axis = "second"\nprotocol = {')
    assert len(load_suite(write(tmp_path, SMALL + again)).expand()) == 2


def test_calibration_never_sees_the_evaluated_split(tmp_path: Path) -> None:
    own = """
[dataset.trained]
loader = "scenes"
split = "train"
"""
    text = SMALL.replace('"scenes"', '"trained"').replace(
        '"torch-fp32"', '"onnx-onnxruntime-int8-static"'
    )
    with pytest.raises(SuiteError, match="calibrates on 'train'"):
        load_suite(write(tmp_path, text + own))


def test_nothing_in_a_suite_runs(tmp_path: Path) -> None:
    own = """
[model.mine]
loader = "callable"
source = "code"
location = "antigravity:build"
"""
    import sys

    suite = load_suite(write(tmp_path, SMALL.replace("mask2former-micro", "mine") + own))
    assert suite.blocks[0].model.location == "antigravity:build"
    assert "antigravity" not in sys.modules


def test_a_suite_uses_its_own_tables_beside_the_shipped_ones(tmp_path: Path) -> None:
    assert {"cpu", "cpu-1-thread", "cuda"} <= set(tables().targets)
    text = SMALL.replace('["cpu"]', '["cpu", "mine", "cpu-1-thread"]')
    own = "\n[target.cpu]\nthreads = 3\n[target.mine]\nthreads = 2\n"
    cases = load_suite(write(tmp_path, text + own)).expand()
    assert [c.target.threads for c in cases] == [3, 2, 1]


SWEPT = 'targets = ["cpu"]\nsweep = {{ {} }}'


def test_a_sweep_becomes_plain_cases_on_any_target(tmp_path: Path) -> None:
    sweep = "batch_size = [1, 2], threads = [1, 2], size = [[128, 256]]"
    path = write(tmp_path, SMALL.replace('targets = ["cpu"]', SWEPT.format(sweep)))
    for target in (None, "cpu-1-thread"):
        cases = load_suite(path, target=target).expand()
        assert [c.axis for c in cases] == [
            f"batch_size={b},size=128x256,threads={t}" for b in (1, 2) for t in (1, 2)
        ]
        assert [c.target.threads for c in cases] == [1, 2, 1, 2]
        assert {c.protocol.images for c in cases} == {7}


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("warmup = [1]", ["block[1].sweep has no key 'warmup'"]),
        ("batchsize = [1]", ["'batchsize'", "Did you mean 'batch_size'"]),
        ("batch_size = [0]", ["block[1].sweep.batch_size[1] = 0"]),
        ("batch_size = ['4']", ["block[1].sweep.batch_size[1]", '"4"']),
        ("batch_size = [2, 2]", ["block[1].sweep.batch_size", "2 twice"]),
        ("", ["block[1].sweep names no key"]),
        ("rate = [5]", ["block[1]", "'single_stream' takes no rate"]),
        ("scenario = ['server']", ["block[1]", "'server' needs a rate"]),
        ("corruption = ['fog/9']", ["block[1].sweep.corruption[1] = 'fog/9' has no level"]),
        ("corruption = ['frog/1']", ["block[1].sweep.corruption[1]", "Did you mean 'fog'"]),
    ],
)
def test_a_wrong_sweep_is_one_sentence(tmp_path: Path, sweep: str, said: list[str]) -> None:
    error = refused(tmp_path, 'targets = ["cpu"]', SWEPT.format(sweep), BadInput)
    assert all(words in str(error) for words in said), str(error)


def test_a_key_has_one_place(tmp_path: Path) -> None:
    text = SMALL.replace('targets = ["cpu"]', SWEPT.format("size = [[128, 256]]"))
    text = text.replace("{ images = 7 }", "{ height = 64 }")
    with pytest.raises(SuiteError, match=r"protocol\.height = 64 is swept, too"):
        load_suite(write(tmp_path, text))


def test_a_file_of_one_size_cannot_be_swept_over_sizes(tmp_path: Path) -> None:
    own = (
        '[model.mask2former-micro]\nloader = "onnx"\nsource = "file"\nlocation = "a.onnx"\n'
        'onnx = { name = "x", height = 8, width = 8, logits = "y" }\n'
    )
    text = SMALL.replace('targets = ["cpu"]', SWEPT.format("size = [[128, 256]]")) + own
    with pytest.raises(SuiteError, match="fixes its image's size"):
        load_suite(write(tmp_path, text))


def test_a_rate_of_the_suite_reaches_the_scenarios_that_take_one(tmp_path: Path) -> None:
    sweep = SWEPT.format("scenario = ['offline', 'server']")
    text = SMALL.replace("images = 5", "rate = 20\ndeadline_ms = 50")
    offline, server = load_suite(write(tmp_path, text.replace('targets = ["cpu"]', sweep))).expand()
    assert (offline.protocol.rate, server.protocol.rate) == (None, 20)
    assert load_suite(write(tmp_path, text)).expand()[0].protocol.rate is None
    refused(tmp_path, "{ images = 7 }", "{ rate = 20 }")


def test_a_corruption_of_the_protocol_is_checked(tmp_path: Path) -> None:
    error = refused(tmp_path, "{ images = 7 }", '{ corruption = "fog" }')
    assert "block[1].protocol.corruption = 'fog' has no level" in str(error)


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ('batch_size = "largest"', ["block[1]", "'single_stream' takes no batch_size"]),
        ('batch_size = "huge"', ["block[1].protocol.batch_size", '"huge"']),
        ("batch_size = -1", ["block[1].protocol.batch_size = -1"]),
        (
            'scenario = "constant_stream", rate = 5, batch_size = 2',
            ["block[1]", "batch_size = 2", "one by one"],
        ),
        ("timeout_s = inf", ["block[1].protocol.timeout_s = Infinity", "finite"]),
        ("fits_gb = [nan]", ["block[1].protocol.fits_gb[1] = NaN", "finite"]),
        ("fits_gb = [-1.0]", ["block[1].protocol.fits_gb[1] = -1.0"]),
    ],
)
def test_a_wrong_protocol_is_one_sentence(tmp_path: Path, protocol: str, said: list[str]) -> None:
    error = refused(tmp_path, "{ images = 7 }", f"{{ {protocol} }}", BadInput)
    assert all(words in str(error) for words in said), str(error)


def test_the_largest_batch_may_be_asked_for_in_words(tmp_path: Path) -> None:
    words = '{ scenario = "offline", batch_size = "largest" }'
    (case,) = load_suite(write(tmp_path, SMALL.replace("{ images = 7 }", words))).expand()
    assert case.protocol.batch_size == LARGEST
    assert Protocol.model_validate_json(case.protocol.model_dump_json()) == case.protocol


@pytest.mark.parametrize("number", ["inf", "nan"])
@pytest.mark.parametrize("key", ["gate.live_ratio", "gate.miou_margin", "parity.sqnr_db"])
def test_a_number_that_is_not_finite_is_one_sentence(tmp_path: Path, key: str, number: str) -> None:
    table, name = key.split(".")
    text = f"{SMALL}\n[{table}]\n{name} = {number}\n"
    with pytest.raises(SuiteError, match=rf"{table}\.{name} = (Infinity|NaN).*finite"):
        load_suite(write(tmp_path, text))
