"""The machine and the software that a case ran on."""

from pydantic import Field

from bench.record.base import Record


class Gpu(Record):
    """A GPU."""

    name: str
    memory_bytes: int
    driver: str = ""
    capability: str = ""


class Machine(Record):
    """Stable identity: never a clock reading."""

    processor: str
    architecture: str
    cores: int
    """Logical processors that this process may use."""
    physical_cores: int | None = None
    memory_bytes: int
    gpus: tuple[Gpu, ...] = ()
    system: str = ""
    """Operating system and kernel release; informs only."""

    @property
    def identity(self) -> str:
        """Text that is equal on the same machine: processor, cores, memory in GiB, GPU, driver."""
        gib = round(self.memory_bytes / 2**30)
        gpus = ", ".join(f"{g.name} (driver {g.driver})" for g in self.gpus)
        cores = f"{self.cores} cores"
        return " | ".join(p for p in (self.processor, cores, f"{gib} GiB", gpus) if p)


class Environment(Record):
    """Everything about the place and moment that may change a number."""

    machine: Machine
    place: str = ""
    """Name of the node that ran the case, where an executor has several."""
    flags: tuple[str, ...] = ()
    """Processor features that matter to inference: avx2, avx512f, amx_bf16 ..."""
    clock_mhz: float | None = None
    """Processor clock when the case began."""
    load_average: float | None = None
    """One-minute load when the case began."""
    threads: int
    """Threads that the runtime was told to use."""
    versions: dict[str, str] = Field(default_factory=dict)
    """python, segbench, and the distributions that this case used."""
    variables: dict[str, str] = Field(default_factory=dict)
    """Environment variables that steer a runtime (OMP_NUM_THREADS ...), where set."""
    git_commit: str | None = None
    """Commit of the folder in which segbench was started."""
    git_dirty: bool | None = None
    segbench_commit: str | None = None
    """Commit of segbench's own checkout; None when it is installed."""
    code_digest: str = ""
    """Digest of the measuring code."""
