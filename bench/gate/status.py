"""What became of a case: its status now against its status in the baseline."""

from bench.gate.verdict import STATUS, Kind, Verdict
from bench.metrics.base import Row
from bench.record.result import Result
from bench.suite.policy import GatePolicy

MEASURED = frozenset({"ok", "wrong"})


def standing(old: Row, new: Row | None, policy: GatePolicy) -> Verdict:
    """Verdict on the status of a case that the baseline knows."""
    kind, why = _became(old, new)
    return Verdict(
        case=old.id,
        metric=STATUS,
        kind=kind,
        baseline=old.status,
        current=new.status if new else None,
        why=why,
        blocks=kind in {"missing", "regressed"} and policy.limit(STATUS, old.id).blocks,
    )


def unknown(new: Row, policy: GatePolicy) -> Verdict | None:
    """Verdict on a case that the baseline doesn't know: only a broken one has any."""
    if new.status not in {"wrong", "failed"}:
        return None
    return Verdict(
        case=new.id,
        metric=STATUS,
        kind="regressed",
        current=new.status,
        why=f"not in the baseline, and {new.status}: {new.result.reason}",
        blocks=policy.limit(STATUS, new.id).blocks,
    )


def _became(old: Row, new: Row | None) -> tuple[Kind, str]:
    if new is None:
        how = "measured it" if old.status in MEASURED else f"has it as {old.status}"
        return "missing", f"the baseline {how} and this run has no such case"
    reason = new.result.reason
    answer: tuple[Kind, str]
    match old.status, new.status:
        case (("ok" | "wrong"), "skipped"):
            answer = "missing", f"measured in the baseline, now skipped: {reason}"
        case "failed", "skipped":
            answer = "undecided", f"failed in the baseline, now skipped: {reason}"
        case _, "skipped":
            answer = "unchanged", f"skipped both times: {reason}"
        case "wrong", "wrong":
            answer = "unchanged", "wrong both times; its numbers inform and never block"
        case was, ("failed" | "wrong") as now if was != now:
            answer = "regressed", f"newly {now}: {reason}"
        case _:
            answer = _still(old, new)
    return answer


def _still(old: Row, new: Row) -> tuple[Kind, str]:
    """Answer for a case that is ok now, or failed both times."""
    if new.status == "failed":
        was, now = _manner(old.result), _manner(new.result)
        if was == now:
            return "unchanged", f"failed both times in the same way: {now}"
        return "undecided", f"failed both times, but {was} before and {now} now"
    if old.status != "ok":
        return "improved", f"{old.status} in the baseline, now ok"
    if broken := _beyond_old_limit(old, new):
        return "regressed", f"wrong by the baseline's own limit, which this run loosened: {broken}"
    return "unchanged", "ok both times"


def _beyond_old_limit(old: Row, new: Row) -> str:
    """What the baseline's limit of parity would have called wrong; empty where nothing."""
    limit = old.result.case.parity
    if limit == new.result.case.parity:
        return ""
    bounds = [("map_sqnr_db", limit.sqnr_db)]
    if not new.result.case.model.unjudged:
        bounds.append(("agreement", limit.agreement))
    for name, least in bounds:
        if (value := new.value(name)) is not None and least is not None and value < least:
            return f"{name} {value:.3g} is below {least:g}"
    return ""


def _manner(result: Result) -> str:
    """How a case failed: the step, and the kind of its end."""
    failure = result.failure
    return f"{failure.type} in the step {failure.step}" if failure else "for no recorded reason"
