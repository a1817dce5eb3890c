import pytest

from bench.devices import machine
from bench.record.environment import Machine
from bench.suite.target import Requires, Target

HERE = Machine(
    processor="Example(R) Core 7 @ 3 GHz", architecture="x86_64", cores=4, memory_bytes=15 * 2**30
)


def fails(device="cpu", threads=None, **requires):
    made = Target(name="box", device=device, threads=threads, requires=Requires(**requires))
    return next(machine.mismatches(made, HERE), "")


@pytest.mark.parametrize(
    "requires",
    [
        {},
        {"processor": "core [579]"},
        {"architecture": "x86_64", "cores": 4},
        {"memory_gb": 16},  # sold as 16, the system sees 15
    ],
)
def test_a_machine_that_fits(requires):
    assert fails(**requires) == ""


@pytest.mark.parametrize(
    ("requires", "parts"),
    [
        ({"processor": "Ryzen"}, ("processor = 'Ryzen'", "'Example(R) Core 7 @ 3 GHz'")),
        ({"architecture": "aarch64"}, ("architecture = 'aarch64'", "'x86_64'")),
        ({"cores": 8}, ("8 cores", "may use 4")),
        ({"threads": 6}, ("6 cores", "may use 4")),
        ({"memory_gb": 32}, ("memory_gb = 32", "16.1")),
        ({"gpu": "H200"}, ("gpu = 'H200'", "'none'")),
        ({"gpu_memory_gb": 10}, ("gpu_memory_gb = 10", "0.0")),
    ],
)
def test_a_mismatch_says_which_part_failed(requires, parts):
    reason = fails(**requires)
    for part in ("target 'box'", *parts):
        assert part in reason


def test_this_machine_describes_itself():
    found = machine.describe()
    assert found.cores >= 1
    assert found.memory_bytes > 2**28
    assert found.processor
    assert found.identity == machine.describe().identity


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("processor : 0\nmodel : 85\nmodel name : Big Iron 9\n", "Big Iron 9"),
        ("processor : 0\nHardware : BCM2835\nModel : Raspberry Pi 5 Model B\n", "BCM2835"),
        ("Model : Raspberry Pi 5 Model B\n", "Raspberry Pi 5 Model B"),
    ],
)
def test_the_kernel_names_processors_in_several_ways(text, name, monkeypatch):
    monkeypatch.setattr(machine.Path, "read_text", lambda self: text)
    assert machine.processor_name() == name


@pytest.mark.parametrize("name", ["memory.max", "memory/memory.limit_in_bytes"])
def test_the_smaller_of_memory_and_its_limit(tmp_path, name):
    (tmp_path / "memory").mkdir()
    (tmp_path / name).write_text("1048576\n")
    assert machine.memory_bytes(tmp_path) == 2**20
    (tmp_path / name).write_text("max\n")
    assert machine.memory_bytes(tmp_path) > 2**20
