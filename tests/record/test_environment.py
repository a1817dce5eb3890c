from __future__ import annotations

from bench.record.environment import Gpu
from tests import builders

MACHINE = builders.environment().machine


def test_the_same_machine_has_the_same_identity() -> None:
    other = MACHINE.model_copy(
        update={"memory_bytes": MACHINE.memory_bytes - 10_000_000, "system": "Linux 6.2"}
    )
    assert other.identity == MACHINE.identity


def test_another_machine_has_another() -> None:
    gpu = Gpu(name="NVIDIA H200", memory_bytes=1, driver="570.1")
    changes = [{"processor": "Other"}, {"cores": 4}, {"memory_bytes": 2**30}, {"gpus": (gpu,)}]
    found = {MACHINE.model_copy(update=c).identity for c in changes} | {MACHINE.identity}
    assert len(found) == 5
