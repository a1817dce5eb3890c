"""A named hardware role, and what it requires of the machine in front of us."""

import re

from pydantic import Field, field_validator

from bench.suite.base import Spec


class Requires(Spec):
    """What a machine must have to be this target; an absent field asks nothing."""

    processor: str | None = None
    """Regular expression, searched for in the processor's name, case ignored."""
    gpu: str | None = None
    """Regular expression, searched for in the GPU's name, case ignored."""
    architecture: str | None = None
    """x86_64 or aarch64."""
    memory_gb: float | None = Field(default=None, gt=0)
    """Smallest main memory, GB."""
    gpu_memory_gb: float | None = Field(default=None, gt=0)
    """Smallest GPU memory, GB."""
    cores: int | None = Field(default=None, ge=1)
    """Fewest logical processors."""

    @field_validator("processor", "gpu")
    @classmethod
    def _pattern(cls, value: str | None) -> str | None:
        try:
            re.compile(value or "")
        except re.error as e:
            raise ValueError(f"{value!r} is no regular expression ({e})") from None
        return value


class Target(Spec):
    """A hardware role."""

    name: str
    device: str = "cpu"
    """Registered device."""
    threads: int | None = Field(default=None, ge=1, le=65_536)
    """Threads of the runtime; None = all cores that this process may use."""
    requires: Requires = Requires()
    memory_limit_gb: float | None = Field(default=None, gt=0, le=1e6)
    """Limit on the address space that a worker may add to what it holds at its start, GB."""
    about: str = ""

    @property
    def memory_limit_bytes(self) -> int | None:
        """`memory_limit_gb` in bytes."""
        return None if self.memory_limit_gb is None else int(self.memory_limit_gb * 10**9)
