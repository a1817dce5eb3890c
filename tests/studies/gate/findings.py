"""The gate study's findings: rates of every rule over the pools, and the two files they go to."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bench import __version__, resources
from bench.errors import NothingMeasured
from bench.execute import probe
from bench.live import selftest
from bench.metrics.pairs import log_ratios
from bench.record.environment import Machine
from bench.record.store import to_json, write_atomic
from tests.studies.gate import rates, table
from tests.studies.gate.drops import judged
from tests.studies.gate.found import Pool, Study
from tests.studies.gate.provenance import Origin
from tests.studies.gate.rates import Rated
from tests.studies.gate.rules import GATE, RULES

if TYPE_CHECKING:
    from bench.live.prepared import Tell
    from bench.record.pairs import ProcessPair
    from tests.studies.gate.found import Size
    from tests.studies.gate.pools import Condition, Pools

DROPPED = "segformer-micro/onnx-onnxruntime-fp32/cpu/scenes"


def write(
    out: Path,
    pools: Pools,
    size: Size,
    live: dict[str, list[str]],
    bound: Callable[[Pools, Size, Condition], float],
    origin: tuple[Machine, Origin],
    tell: Tell,
) -> Study:
    """The study, written to gate-study.json and gate-study.md in `out`.

    Raises:
        NothingMeasured: no condition has all its pairs.
    """
    where, timed = origin
    names: tuple[Condition, ...] = ("idle", "loaded")
    there = [c for c in names if all(len(pools.read(c, p)) >= n for p, n in size.wanted.items())]
    if not there:
        raise NothingMeasured(
            "No condition has all its pairs.", "First: nox -s gate-study -- --phase idle"
        )
    limits = {c: bound(pools, size, c) for c in there}
    found = [r for c in there for r in _rates(pools, size, c, limits[c], tell, limits.get("idle"))]
    tell("planted drops of accuracy")
    record = resources.reports_dir() / "examples" / "quickstart"
    calibrating = {c: log_ratios(pools.read(c, 0.0)[: size.calibrating]) for c in there}
    study = Study(
        made=datetime.now(UTC).date().isoformat(),
        segbench=__version__,
        code_digest=probe.code_digest(),
        timed=timed,
        machine=where,
        gate_pairs=size.pairs,
        calibrating=size.calibrating,
        threshold=dict(limits.items()),
        smallest={c: selftest.power(calibrating[c], size.pairs).smallest for c in there},
        pools=tuple(_pool(pools, c, p) for c in there for p in size.wanted),
        rates=tuple(found),
        live={c: {k: kinds.count(k) for k in sorted(set(kinds))} for c, kinds in live.items()},
        drops=tuple(judged(record, DROPPED, size.repeats)),
    )
    write_atomic(out / "gate-study.json", to_json(study))
    write_atomic(out / "gate-study.md", table.markdown(study).encode())
    tell(f"wrote {out / 'gate-study.md'}")
    return study


def whole_log_ratio(pair: ProcessPair) -> float:
    """Log ratio of the medians of all samples of each side, in quiet rounds or not."""
    c, b = (
        [ns for burst in side for ns in burst] for side in (pair.candidate_ns, pair.baseline_ns)
    )
    return math.log(median(c) / median(b))


def _rates(
    pools: Pools,
    size: Size,
    condition: Condition,
    limit: float,
    tell: Tell,
    idle: float | None = None,
) -> list[Rated]:
    same = pools.read(condition, 0.0)[size.calibrating :]
    found = []
    for planted in size.wanted:
        tell(f"judging: {condition}, +{100 * planted:g} %")
        new = same if not planted else pools.read(condition, planted)
        logs, whole = log_ratios(new), [whole_log_ratio(p) for p in new]
        mine = [
            (GATE, logs, limit, 2),
            (f"{GATE}, without the second look", logs, limit, 1),
            (f"{GATE}, with the ratio of whole medians", whole, limit, 2),
        ]
        if condition == "loaded" and idle is not None:
            # The product keeps one calibration a machine, most likely made while it was idle.
            mine.append((f"{GATE}, with the idle threshold", logs, idle, 2))
        found += [
            Rated(
                rule=name, condition=condition, planted=planted, samples="same pair",
                rate=rates.gates(values, size.pairs, at, looks=looks),
                units=rates.separate(len(new), size.pairs),
            )
            for name, values, at, looks in mine
        ]  # fmt: skip
        for rule in RULES:
            for kind, rate in (
                ("same pair", rates.interleaved(rule, new)),
                ("other pairs", rates.stored(rule, same, new)),
            ):
                found.append(
                    Rated(
                        rule=rule.name, condition=condition, planted=planted, samples=kind,
                        rate=rate, units=min(len(same), len(new)) // rule.processes,
                    )
                )  # fmt: skip
    return found


def _pool(pools: Pools, condition: Condition, planted: float) -> Pool:
    pairs = pools.read(condition, planted)
    foreign = [p.foreign_cpu for p in pairs if p.foreign_cpu is not None]
    return Pool(
        condition=condition,
        planted=planted,
        began=pairs[0].started if pairs else "",
        ended=pairs[-1].started if pairs else "",
        foreign_cpu=float(np.median(foreign)) if foreign else None,
        log_ratios=log_ratios(pairs),
    )
