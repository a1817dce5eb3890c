"""The gate study: how often the gate is wrong, idle and under load, beside other tools' rules.

    python -m tests.studies.gate.study [--phase idle|loaded|live|report] [--small] [--out FOLDER]

Phases build on one another and go on where they were stopped; without --phase all run in order.
`nox -s gate-study` calls this. See `rates.py` for what the intervals mean.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import resources
from bench.devices import machine
from bench.errors import BadInput, SegbenchError
from bench.execute import probe
from bench.gate.live import judge
from bench.live import pair, scope, selftest
from bench.live.pair import Start
from bench.live.prepared import ready
from bench.metrics.pairs import log_ratios
from bench.plan import select
from bench.record.pairs import PairsRecord
from bench.record.store import to_json, write_atomic
from bench.suite.load import load_suite
from bench.suite.policy import GatePolicy
from tests.studies.gate import findings, pools, provenance
from tests.studies.gate.found import SMALL, Size
from tests.studies.gate.pools import Pools

if TYPE_CHECKING:
    from bench.jobs.measure import PairJob
    from bench.live.prepared import Tell
    from bench.record.pairs import ProcessPair
    from tests.studies.gate.pools import Condition

SUITE, ONLY = "quickstart", "segformer-micro/onnx-onnxruntime-fp32/cpu/*"
"""The case whose sessions are timed ..."""
INPUT = {"height": 128, "width": 256}
"""... on small inputs, so that hundreds of pairs fit into an hour."""
PHASES = ("idle", "loaded", "live", "report")


def main(words: list[str] | None = None) -> int:
    """Exit status."""
    parser = argparse.ArgumentParser(
        prog="gate-study", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--phase", action="append", choices=PHASES, help="only these")
    parser.add_argument("--small", action="store_true", help="a few pairs, to try it")
    parser.add_argument("--state", type=Path, help="folder of the pools (default runs/gate-study)")
    parser.add_argument("--out", type=Path, help="folder of the table (default reports/examples)")
    parser.add_argument("--live-loaded", action="store_true", help="live gates under load, too")
    asked = parser.parse_args(words)
    state = asked.state or Path("runs") / ("gate-study-small" if asked.small else "gate-study")
    out = asked.out or (state if asked.small else resources.reports_dir() / "examples")
    size = SMALL if asked.small else Size()
    conditions: list[Condition] = ["idle", "loaded"] if asked.live_loaded else ["idle"]
    try:
        run(state.resolve(), out.resolve(), size, asked.phase or PHASES, conditions, _print)
    except SegbenchError as e:
        print(f"Error: {e}", file=sys.stderr)
        return e.exit_code
    return 0


def run(
    state: Path,
    out: Path,
    size: Size,
    phases: list[str] | tuple[str, ...],
    live_under: list[Condition],
    tell: Tell,
) -> None:
    """Do the phases that were asked for.

    Raises:
        BadInput: the pools were recorded on another machine, by other code or of another case.
        CaseFailed: a session died.
    """
    found = Pools(state)
    if set(phases) - {"report"}:
        (case,) = select.select(load_suite(SUITE).expand(), ONLY)
        case = case.asking(**INPUT)
        provenance.claim(state, case)
        job = ready(case, resources.cache_dir(), tell)
        conditions: tuple[Condition, ...] = ("idle", "loaded")
        for condition in conditions:
            if condition in phases:
                pools.fill(found, condition, size.wanted, job, tell)
        if "live" in phases:
            for condition in live_under:
                _live(state, found, size, condition, job, tell)
    if "report" in phases:
        gates = {c: _kinds(state, c, found, size) for c in ("idle", "loaded")}
        kinds = {c: k for c, k in gates.items() if k}
        findings.write(out, found, size, kinds, bound, provenance.there(state), tell)


def bound(found: Pools, size: Size, condition: Condition) -> float:
    """Threshold that a gate here uses: calibrated on the first A/A pairs of the condition."""
    logs = log_ratios(found.read(condition, 0.0)[: size.calibrating])
    if len(logs) < 2 * size.pairs:
        raise BadInput(
            f"Only {len(logs)} A/A pairs were recorded {condition}: too few to calibrate.",
            f"First: nox -s gate-study -- --phase {condition}",
        )
    floor = GatePolicy().live_ratio or 1.0
    return max(floor, selftest.power(logs, size.pairs).threshold)


def _live(
    state: Path, found: Pools, size: Size, condition: Condition, job: PairJob, tell: Tell
) -> None:
    """Gates of the same code, measured from their first pair to their verdict."""
    limit = bound(found, size, condition)
    paths = [state / "live" / f"{condition}-{i}.json" for i in range(size.live)]
    done = [_read(path) for path in paths]
    due = [scope.due(r, size.pairs, limit) if r else r for r in done]
    say = pools.countdown(
        sum(r is None or d is not None for r, d in zip(done, due, strict=True)), tell
    )
    with pools.competing(condition, 0):
        for i, (path, record) in enumerate(zip(paths, done, strict=True)):
            if record is not None and scope.due(record, size.pairs, limit) is None:
                continue

            def one(number: int, gate: int = i) -> ProcessPair:
                rng = pair.order(f"live {condition} {gate} {number}")
                return pair.live(Start(job), Start(job), state / "logs", rng)

            def keep(now: PairsRecord, to: Path = path) -> None:
                write_atomic(to, to_json(now))

            blank = PairsRecord(
                case=job.case.id, baseline="the same code", machine=machine.describe(),
                load="planted" if condition == "loaded" else "", burst=pair.BURST,
                baseline_code=probe.code_digest(), candidate_code=probe.code_digest(),
            )  # fmt: skip
            scope.finish(record or blank, size.pairs, limit, one, keep)
            say(f"live gate {i + 1} of {size.live}, {condition}")


def _kinds(state: Path, condition: Condition, found: Pools, size: Size) -> list[str]:
    """Verdict of every finished live gate."""
    records = [_read(p) for p in sorted((state / "live").glob(f"{condition}-*.json"))]
    if not records:
        return []
    limit = bound(found, size, condition)
    policy = GatePolicy(live_ratio=limit)
    return [
        judge(r, policy, None).kind for r in records if r and not scope.due(r, size.pairs, limit)
    ]


def _read(path: Path) -> PairsRecord | None:
    return PairsRecord.model_validate_json(path.read_bytes()) if path.is_file() else None


def _print(line: str) -> None:
    now = datetime.now(UTC).strftime("%H:%M:%S")
    print(f"{now}  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
