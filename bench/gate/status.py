"""What became of a case: its status now against its status in the baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.gate.verdict import STATUS, Kind, Verdict

if TYPE_CHECKING:
    from bench.metrics.base import Row
    from bench.record.result import Result
    from bench.suite.policy import GatePolicy

MEASURED = frozenset({"ok", "wrong"})


def standing(old: Row, new: Row | None, policy: GatePolicy) -> Verdict:
    """Verdict on the status of a case that the baseline knows."""
    if new is None:
        kind, why, blocks = _absent(old)
    elif new.status == "skipped":
        kind, why, blocks = _skipped(old, new)
    elif new.status == "failed":
        kind, why, blocks = _failed(old, new)
    elif new.status == "wrong":
        kind, why, blocks = _wrong(old, new)
    else:
        kind, why, blocks = _ok(old, new)
    return Verdict(
        case=old.id,
        metric=STATUS,
        kind=kind,
        baseline=old.status,
        current=new.status if new else None,
        why=why,
        blocks=blocks and policy.limit(STATUS, old.id).blocks,
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


Answer = tuple[Kind, str, bool]


def _absent(old: Row) -> Answer:
    if old.status in MEASURED:
        return "missing", "the baseline measured it and this run has no such case", True
    return "missing", f"the baseline has it as {old.status} and this run has no such case", True


def _skipped(old: Row, new: Row) -> Answer:
    if old.status in MEASURED:
        return "missing", f"measured in the baseline, now skipped: {new.result.reason}", True
    if old.status == "failed":
        return "undecided", f"failed in the baseline, now skipped: {new.result.reason}", False
    return "unchanged", f"skipped both times: {new.result.reason}", False


def _failed(old: Row, new: Row) -> Answer:
    if old.status != "failed":
        return "regressed", f"newly failed: {new.result.reason}", True
    was, now = _manner(old.result), _manner(new.result)
    if was == now:
        return "unchanged", f"failed both times in the same way: {now}", False
    return "undecided", f"failed both times, but {was} before and {now} now", False


def _wrong(old: Row, new: Row) -> Answer:
    if old.status == "wrong":
        return "unchanged", "wrong both times; its numbers inform and never block", False
    return "regressed", f"newly wrong: {new.result.reason}", True


def _ok(old: Row, new: Row) -> Answer:
    if old.status != "ok":
        return "improved", f"{old.status} in the baseline, now ok", False
    if broken := _beyond_old_limit(old, new):
        return (
            "regressed",
            f"wrong by the baseline's own limit, which this run loosened: {broken}",
            True,
        )
    return "unchanged", "ok both times", False


def _beyond_old_limit(old: Row, new: Row) -> str:
    """What the baseline's limit of parity would have called wrong; empty where nothing."""
    limit = old.result.case.parity
    if limit == new.result.case.parity:
        return ""
    bounds = [("map_sqnr_db", limit.sqnr_db)]
    if new.result.case.model.trained:
        bounds.append(("agreement", limit.agreement))
    for name, least in bounds:
        value = new.value(name)
        if value is not None and least is not None and value < least:
            return f"{name} {value:.3g} is below {least:g}"
    return ""


def _manner(result: Result) -> str:
    """How a case failed: the step, and the kind of its end."""
    failure = result.failure
    return f"{failure.type} in the step {failure.step}" if failure else "for no recorded reason"
