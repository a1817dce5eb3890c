"""Work of a call, and the share of the machine's ceiling that a variant achieves."""

from bench.metrics import latency, launches, roofline
from bench.metrics.base import Metric, Source
from bench.metrics.catalog.base import absent, unmeasured
from bench.metrics.disturbance import FOREIGN
from bench.metrics.estimate import Estimate
from bench.metrics.work import total
from bench.record.ceiling import Ceiling
from bench.record.result import Result

COUNTED = ("parameters", "macs", "bytes_moved")
REACHED = ("achieved_gflops", "roofline_share")
ABOVE = (
    "above the measured ceiling: this runtime's kernels beat torch's, or caches and fused "
    "operators move less than was counted"
)
BUSY = (
    "other programs kept {:.1f} processors busy while the ceiling was measured: it is too low, and "
    "the share too high"
)


def metrics(source: Source) -> dict[str, Metric]:
    """Name -> number: parameters, MACs and bytes of one call; GFLOP/s and share of the bound."""
    return {**_counted(source.result), **_reached(source)}


def place(source: Source) -> roofline.Point | str:
    """Where a result stands on the roofline of its machine, or why nowhere."""
    result, timed = source.result, forward(source.result)
    seconds = timed.value / 1e9 if timed else None
    precision = result.case.variant.precision
    return roofline.point(total(result.get("work")), seconds, precision, ceiling_of(source))


def ceiling_of(source: Source) -> Ceiling | None:
    """Ceiling of the machine, device and threads that a result was measured with, or None."""
    at, device = source.result.environment, source.result.case.target.device
    if at is None:
        return None
    wanted = (at.machine.identity, device, at.threads)
    found = source.run.ceilings()
    return next((c for c in found if (c.machine.identity, c.device, c.threads) == wanted), None)


def forward(result: Result) -> Estimate | None:
    """Median time of the model itself, nanoseconds, as `phase_forward_ms`; None where not timed."""
    timing = result.get("timing")
    sets = [x.phases_ns.get("forward") for x in timing.launches] if timing else []
    medians = [latency.median_ns(s) for s in sets if s]
    return launches.over(medians) if medians else None


def _counted(result: Result) -> dict[str, Metric]:
    work = result.get("work")
    found = total(work)
    if found is None:
        why = work.absent if work is not None and work.absent else unmeasured(result)
        return absent(COUNTED, why)
    note = ""
    if work.uncounted:
        note = f"without {', '.join(work.uncounted)}, for which there is no rule"
    return {
        "parameters": Metric(float(found.parameters)),
        "macs": Metric(float(found.macs), note=note),
        "bytes_moved": Metric(float(found.bytes_moved)),
    }


def _reached(source: Source) -> dict[str, Metric]:
    found, timed = total(source.result.get("work")), forward(source.result)
    at = place(source)
    if found is None or timed is None:
        return absent(REACHED, at if isinstance(at, str) else unmeasured(source.result))
    operations = 2 * found.macs
    speed = _inverse(operations, timed, 1.0)
    if isinstance(at, str):
        return {"achieved_gflops": speed, **absent(REACHED[1:], at)}
    notes = [ABOVE] if at.share > 1 else []
    ceiling = ceiling_of(source)
    if ceiling is not None and (ceiling.foreign_cpu or 0) > FOREIGN:
        notes.append(BUSY.format(ceiling.foreign_cpu))
    share = _inverse(operations, timed, at.bound / 1e9, "; ".join(notes))
    return {"achieved_gflops": speed, "roofline_share": share}


def _inverse(operations: int, timed: Estimate, unit: float, note: str = "") -> Metric:
    """Operations over a time, 10^9 a second, in a unit; its interval is the time's, turned over."""
    # Operations a nanosecond are 10^9 operations a second.
    low, high = (None if t is None else operations / t / unit for t in (timed.high, timed.low))
    return Metric(operations / timed.value / unit, low, high, note=note)
