"""What lies behind a latency: single processes, phases of a call, and energy."""

from collections.abc import Sequence
from dataclasses import replace

from bench.metrics import latency, launches
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import absent, names_of, unmeasured
from bench.metrics.catalog.latency import estimate, median, timed
from bench.record.base import Absent
from bench.record.result import Result
from bench.record.timing import PHASES, Launch

NAMES = names_of("processes")


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number of processes, phases and energy; ms unless the name says otherwise."""
    launched = timed(source.result)
    if not launched:
        return absent(NAMES, unmeasured(source.result))
    sets = [x.end_to_end_ns for x in launched]
    scatter = launches.variances(sets)
    alone = f"one process: {launches.AGAIN}" if len(sets) == 1 else ""
    return {
        "latency_process_ms": estimate(launches.within(middle(sets))),
        "latency_between": Metric(scatter.between, reason=alone),
        "latency_within": Metric(scatter.within),
        "latency_worth": Metric(scatter.worth, reason=alone),
        **{f"phase_{p}_ms": _phase(launched, p) for p in PHASES},
        "kernels_ms": _kernels(launched),
        "phase_gap": _gap(launched),
        "energy_image_j": _energy(source.result, launched),
    }


def middle(sets: Sequence[Sequence[int]]) -> Sequence[int]:
    """Samples of the process whose median is the middle one, or the lower of two."""
    ordered = sorted(sets, key=latency.median_ns)
    return ordered[(len(ordered) - 1) // 2]


def _phase(timed: Sequence[Launch], phase: str) -> Metric:
    sets = [x.phases_ns[phase] for x in timed if x.phases_ns.get(phase)]
    if not sets:
        return Metric(None, reason=f"this backend has no phase {phase!r}")
    # Why there is no interval is said at the whole, once.
    return replace(median(sets), note="")


def _kernels(timed: Sequence[Launch]) -> Metric:
    sets = [x.kernels_ns for x in timed if x.kernels_ns]
    if not sets:
        return Metric(None, reason="the device has no clock of its own that torch tells")
    return replace(median(sets), note="")


def _gap(timed: Sequence[Launch]) -> Metric:
    """(Sum of end-to-end times - sum of all phases) / sum of end-to-end times, fraction."""
    told = [x for x in timed if x.phases_ns]
    if not told:
        return Metric(None, reason="no phases were timed")
    if any(len(v) not in {0, len(x.end_to_end_ns)} for x in told for v in x.phases_ns.values()):
        return Metric(None, reason="some iterations lack a phase")
    whole = sum(sum(x.end_to_end_ns) for x in told)
    return Metric((whole - sum(sum(v) for x in told for v in x.phases_ns.values())) / whole)


def _energy(result: Result, timed: Sequence[Launch]) -> Metric:
    """Joules an image, all kinds that the machine tells together; the note says which it doesn't."""
    kinds = dict.fromkeys(kind for x in timed for kind in x.energy_j)
    if not kinds:
        return Metric(None, reason="the record holds no reading of energy")
    missing, total = [], 0.0
    images = result.get("timing").batch_size * sum(len(x.end_to_end_ns) for x in timed)
    for kind in kinds:
        read = [x.energy_j.get(kind, Absent(reason="a process didn't read it")) for x in timed]
        if gone := next((v for v in read if isinstance(v, Absent)), None):
            missing.append(f"{kind}: {gone.reason}")
        else:
            total += sum(v for v in read if not isinstance(v, Absent))
    note = "; ".join(missing)
    if len(missing) == len(kinds):
        return Metric(None, reason=note)
    return Metric(total / images, note=note and f"without {note}")
