"""Several processes a case: in which order they come, and how each one's samples join the result.

Memory layout and placement of threads differ between processes, so a launch is repeated. Heat and
other processes change a machine with time, so no case may always come first.
"""

from bench.jobs.measure import TimingReport
from bench.plan.results import mismatches
from bench.record.result import Result
from bench.record.timing import TimingMeasurement


def position(index: int, count: int, launch: int, launches: int) -> int:
    """Place of a case, 0 first, in the pass over all `count` cases that makes its launch, 0 first.

    A drift that is linear in time moves every case's mean alike when the mean place over all
    launches is the same for every case. Pairs of passes do that as A B, B A (forward, backward; the
    next pair the other way round); three passes do it with two shuffles whose places add up with
    the forward place to 3m of 2m + 1 cases. Of an even number of cases the places of the shuffles
    are those of one case more, so two cases may differ by one place.
    """
    if launch == 0:
        return index
    odd = launches % 2 == 1
    if odd and launch <= 2:
        m, k = count // 2, index // 2
        low, high = m - k - index % 2, 2 * m - k
        first, second = (high, low) if index % 2 == 0 else (low, high)
        return first if launch == 1 else second
    of_pair = launch - 3 if odd else launch
    backward = of_pair % 4 in {1, 2}
    return count - 1 - index if backward else index


def repeated(result: Result) -> bool:
    """Whether a row has a launch, and asks for more than one."""
    measured = result.status in {"ok", "wrong"} and result.get("timing") is not None
    return measured and result.case.protocol.launches > 1


def missing(result: Result) -> int:
    """Launches that the protocol asks for and the result lacks."""
    if not repeated(result):
        return 0
    return max(0, result.case.protocol.launches - len(result.get("timing").launches))


def due(result: Result, launch: int) -> bool:
    """Whether the pass that makes a launch, 0 first, has to start the case."""
    return missing(result) > 0 and launch not in result.get("timing").numbered


def added(result: Result, found: TimingReport) -> Result:
    """The result with one more process's samples."""
    timing: TimingMeasurement = result.get("timing")
    every = sorted((*timing.launches, found.launch), key=lambda x: x.number or 0)
    more = timing.model_copy(update={"launches": tuple(every)})
    measurements = tuple(more if m is timing else m for m in result.measurements)
    threads = result.environment.threads if result.environment else None
    said = mismatches(result.case, found.effective, threads)
    out = result.model_copy(
        update={
            "measurements": measurements,
            "mismatches": tuple(dict.fromkeys((*result.mismatches, *said))),
        }
    )
    if missing(out):
        return out
    return out.model_copy(update={"notes": tuple(n for n in out.notes if not n.startswith(_NOTE))})


def lost(result: Result, launch: int, message: str) -> Result:
    """The result with a note that a launch, 0 first, failed: the row has fewer, and stays."""
    note = f"{_NOTE}{launch + 1} of {result.case.protocol.launches} failed: {message}"
    return result.model_copy(update={"notes": tuple(dict.fromkeys((*result.notes, note)))})


_NOTE = "Launch "
