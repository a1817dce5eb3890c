"""A run against its baseline: every verdict, in the order of the baseline's plan."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace

from bench.errors import BadInput
from bench.gate import limits, notes
from bench.gate.accuracy import accuracy
from bench.gate.latency import latency, relative
from bench.gate.live import judge as judge_pairs
from bench.gate.pair import Pair
from bench.gate.session import Session, stored, supersedes
from bench.gate.status import MEASURED, standing, unknown
from bench.gate.verdict import LIVE, Judgement, Verdict
from bench.metrics.base import Row
from bench.metrics.blocks import by_blocks
from bench.metrics.catalog import CATALOG
from bench.metrics.rows import rows
from bench.record.store import Run
from bench.registry import suggest
from bench.suite.policy import GATED, GatePolicy
from bench.tasks.base import task_of

NEEDED = tuple(name for name in GATED if name in CATALOG)
"""What `rows` derives for a gate."""


def judge(
    run: Run,
    baseline: Run | None,
    *,
    only: str = "*",
    metric: str = "*",
    session: Session | None = None,
) -> Judgement:
    """Judgement of a run under the baseline's policy.

    Args:
        run: what is judged.
        baseline: None = live pairs are judged alone, under the run's own policy.
        only: shell pattern over the ids of the cases to judge; `*` crosses `/`.
        metric: shell pattern over the names of the metrics to judge.
        session: live pairs that were just measured; None = those that lie in the run.

    Raises:
        BadInput: a pattern matches nothing.
    """
    check_patterns([r for r in (baseline, run) if r], only, metric)
    policy = (baseline or run).info.gate
    olds = {row.id: row for row in rows(baseline, NEEDED)} if baseline else {}
    news = {row.id: row for row in rows(run, NEEDED)}
    session, remarks = (session, ()) if session else stored(run)
    asked = [i for i in dict.fromkeys((*olds, *news)) if fnmatch.fnmatchcase(i, only)]

    def block(span: slice) -> list[Verdict]:
        verdicts: list[Verdict] = []
        for case_id in asked[span]:
            before, now = olds.get(case_id), news.get(case_id)
            if before:
                verdicts.append(standing(before, now, policy))
            elif now and baseline and (broken := unknown(now, policy)):
                verdicts.append(broken)
            if now and now.status in MEASURED:
                pair = None
                if before and baseline:
                    old, new = _whole(before, baseline), _whole(now, run)
                    pair = Pair(old, new, baseline, run, policy)
                verdicts += _measured(pair, now, policy, session, run)
        return [v for v in verdicts if fnmatch.fnmatchcase(v.metric, metric)]

    kept = tuple(v for found in by_blocks(block, len(asked)) for v in found)
    strangers = [i for i in news if baseline and i not in olds and fnmatch.fnmatchcase(i, only)]
    return Judgement(
        policy=policy,
        verdicts=kept,
        new=tuple(strangers),
        notes=(
            *notes.scope(only, metric),
            *notes.differences(run, baseline),
            *remarks,
            *notes.rules(policy, kept),
        ),
        only=only,
        metric=metric,
        live=session.base if session and session.asked else "",
    )


def _whole(row: Row, run: Run) -> Row:
    """The row with its measurements in memory, as each verdict asks for some."""
    return replace(row, result=run.whole(row.result))


def _numbers(pair: Pair) -> list[Verdict]:
    """Verdicts on the stored numbers of a case that was measured both times."""
    found = (limits.agreement(pair), latency(pair), relative(pair), *limits.sizes(pair))
    return [*accuracy(pair), *(v for v in found if v)]


def _measured(
    pair: Pair | None, now: Row, policy: GatePolicy, session: Session | None, run: Run
) -> list[Verdict]:
    """Verdicts on a measured case: stored numbers where both runs have them, then live pairs."""
    comparable = pair is not None and pair.old.status in MEASURED
    # The numbers of a case that was wrong and is ok now are another model's.
    repaired = pair is not None and pair.old.status == "wrong" and now.status == "ok"
    found = _numbers(pair) if pair and comparable and not repaired else []
    live = _live(now, policy, session, run)
    if live and pair and comparable and session and supersedes(session, live, pair):
        why = "; live pairs decide"
        found = [
            v.model_copy(update={"blocks": False, "why": v.why + why})
            if v.metric == "latency_p50_ms" and v.blocks
            else v
            for v in found
        ]
    if pair and pair.old.status == "wrong":
        # Stored numbers of a wrong case never block; live pairs were measured just now.
        found = [v.model_copy(update={"blocks": False}) for v in found]
    return [*found, live] if live else found


def _live(now: Row, policy: GatePolicy, session: Session | None, run: Run) -> Verdict | None:
    """Verdict on the live pairs of a case; None where none were asked for."""
    if session is None:
        return None
    record = session.pairs.get(now.id)
    if record is not None and not record.absent:
        return judge_pairs(record, policy, run.calibration())
    if record is None and now.id not in session.expected:
        return None
    base = record.baseline if record else session.base
    why = f"live pairs with {base} were asked for, and none was measured"
    why += f": {record.absent}" if record else ""
    blocks = policy.limit(LIVE, now.id).blocks
    return Verdict(case=now.id, metric=LIVE, kind="missing", why=why, blocks=blocks)


def check_patterns(runs: Sequence[Run], only: str, metric: str) -> None:
    """Refuse patterns that match nothing, before anything is measured for them.

    Raises:
        BadInput: one does; the nearest word is the hint.
    """
    ids = list(dict.fromkeys(i for run in runs for i in run.ids))
    if ids and not fnmatch.filter(ids, only):
        raise BadInput(
            f"No case matches --only {only!r}.", f"One is {ids[0]!r}; * matches anything."
        )
    if metric == "*":
        return
    names = set(GATED) - {"miou", "iou.*"}
    for task, case in ((task_of(r.case), r.case) for run in runs for r in run.planned):
        names |= {task.headline, *(f"{task.class_metric}.{c}" for c in case.dataset.classes)}
    if not any(fnmatch.fnmatchcase(name, metric) for name in names):
        raise BadInput(
            f"The gate judges no metric that matches {metric!r}.", suggest(metric, names)
        )
