"""Latency samples, all of them, in nanoseconds, and what the machine did beside each."""

from typing import Literal

from pydantic import Field

from bench.record.base import Absent, Record
from bench.suite.protocol import Scenario

PHASES = ("decode", "preprocess", "copy_in", "forward", "copy_out", "postprocess")

READINGS: dict[str, str] = {
    "foreign_cpu": "Processors that other processes kept busy during the sample, a mean: 0.5 = half "
    "of one core",
    "steal": "Processors that the hypervisor took away during the sample, a mean",
    "pressure": "Share of the sample during which some task waited for a processor (PSI, cpu, some)",
    "clock_mhz": "Processor clock, MHz, of the fastest core",
    "sm_clock_mhz": "GPU's SM clock, MHz",
    "memory_clock_mhz": "GPU's memory clock, MHz",
    "throttle": "NVML's bit mask of reasons why the GPU holds its clock back; idle is not one",
    "temperature_c": "GPU's temperature, degrees Celsius",
    "power_w": "GPU's power draw, watts",
}

TOTALS: dict[str, str] = {
    "major_faults": "Page faults of this process that read from disk",
    "minor_faults": "Page faults of this process without a disk",
    "voluntary_switches": "Times that a thread of this process gave up its processor to wait",
    "involuntary_switches": "Times that a thread of this process was made to give it up",
    "cpu_s": "Processor time of this process, seconds",
    "wall_s": "Wall time, seconds",
}


class Stream(Record):
    """Load that arrived at its own pace (server, constant_stream); one entry an arrival.

    Times are nanoseconds after the first arrival was due. Latency is done - due: what waited in the
    queue, or arrived late because the system held its sender up, counts against the system.
    """

    rate_hz: float
    """Arrivals a second that were asked for."""
    deadline_ns: int | None
    """None = none was asked for (server)."""
    due_ns: tuple[int, ...]
    """When each arrival had to come, by the schedule that was fixed before the start."""
    sent_ns: tuple[int, ...]
    """When the load generator really sent it."""
    begun_ns: tuple[int | None, ...]
    """When the system took it up; None where a newer frame replaced it (constant_stream)."""
    done_ns: tuple[int | None, ...]
    """When its labels were there; None where it was replaced, or never finished."""


class Launch(Record):
    """One process's samples; every list has one entry an iteration, in order."""

    number: int | None = None
    """Which of the case's processes it was, 0 first; None in records of before."""
    warmup_ns: tuple[int, ...] = ()
    """End-to-end times of the untimed first calls."""
    phases_ns: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Phase -> times: decode, preprocess, copy_in, forward, copy_out, postprocess."""
    kernels_ns: tuple[int, ...] = ()
    """The phase `forward` by the device's own clock, between events on its stream; empty where it has none."""
    end_to_end_ns: tuple[int, ...] = ()
    """Measured independently, around all phases of the iteration."""
    started_ns: tuple[int, ...] = ()
    """Start of each iteration after that of the first."""
    stopped: str = ""
    """Why the loop ended: `precise`, `iterations` or `time limit`."""
    width: float | None = None
    """Width of the median's 95 % interval at the end, relative to the median."""
    readings: dict[str, tuple[float | None, ...]] = Field(default_factory=dict)
    """Kind (`READINGS`) -> what was read beside each iteration."""
    absent: dict[str, str] = Field(default_factory=dict)
    """Kind -> why this machine doesn't tell it."""
    totals: dict[str, float] = Field(default_factory=dict)
    """Kind (`TOTALS`) -> sum over the timed region."""
    energy_j: dict[str, float | Absent] = Field(default_factory=dict)
    """`package`, `dram` (RAPL), `gpu` (NVML) -> joules over the timed region."""
    stream: Stream | None = None
    """Of the scenarios server and constant_stream."""
    started: str = ""
    """UTC, ISO 8601."""


class PollerEffect(Record):
    """End-to-end times of one session with and without the readings, turn by turn."""

    on_ns: tuple[int, ...]
    off_ns: tuple[int, ...]
    read_ns: tuple[int, ...] = ()
    """What one set of readings took."""


class TimingMeasurement(Record):
    """Latency under one timing fingerprint."""

    kind: Literal["timing"] = "timing"
    version: int = 2
    scenario: Scenario = "single_stream"
    batch_size: int = 1
    launches: tuple[Launch, ...]
    """One a process; the process is the unit of every interval."""
    poller: PollerEffect | None = None

    @property
    def numbered(self) -> dict[int, Launch]:
        """Number of a launch -> the launch; by order in records of before."""
        return {i if x.number is None else x.number: x for i, x in enumerate(self.launches)}
