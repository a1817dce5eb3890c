"""Changes planted into built runs: slower samples, other fingerprints, missing cases."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from bench.gate.verdict import Judgement, Verdict
from bench.record.pairs import PairsRecord, ProcessPair
from bench.record.result import Result
from bench.record.store import (
    Run,
    file_stem,
    read_run,
    to_json,
    write_arrays,
    write_atomic,
)
from bench.record.timing import Launch, TimingMeasurement
from bench.suite.protocol import accuracy_fingerprint

NOISE = 0.08
"""Standard deviation of the log of a sample: what a shared machine does."""


def verdict(found: Judgement, slug: str, metric: str) -> Verdict:
    """The verdict on a metric of a variant."""
    return next(v for v in found.verdicts if f"/{slug}/" in v.case and v.metric == metric)


def rewrite(run: Run, result: Result) -> None:
    """Store a changed result in place, nothing kept aside."""
    path = run.folder / "cases" / f"{file_stem(result.case.id)}.json"
    write_atomic(path, to_json(result))


def revised(run: Run, slug: str, **changes: Any) -> Run:
    """The run read again, with fields of one variant's result replaced."""
    for result in run.results:
        if result.case.variant.slug == slug:
            rewrite(run, result.model_copy(update=changes))
    return read_run(run.folder)


def of(run: Run, slug: str) -> Result:
    """Result of a variant."""
    return next(r for r in run.results if r.case.variant.slug == slug)


def without(run: Run, slug: str) -> Run:
    """The run read again, with one variant's result gone."""
    (run.folder / "cases" / f"{file_stem(of(run, slug).case.id)}.json").unlink()
    return read_run(run.folder)


def replaced(result: Result, kind: str, measurement: Any) -> tuple[Any, ...]:
    """Measurements of a result with that of a kind replaced, or left out where it is None."""
    kept = tuple(m for m in result.measurements if m.kind != kind)
    return kept if measurement is None else (*kept, measurement)


def samples(
    median_ms: float, seed: int, count: int = 30, noise: float = NOISE, drift: float = 0.1
) -> TimingMeasurement:
    """Lognormal samples that drift, up or down, by at most `drift` from first to last."""
    rng = np.random.default_rng(seed)
    slope = rng.uniform(-drift, drift) * np.linspace(-0.5, 0.5, count)
    ns = median_ms * 1e6 * np.exp(rng.normal(0, noise, count) + slope)
    launch = Launch(end_to_end_ns=tuple(ns.astype(int).tolist()), stopped="iterations")
    return TimingMeasurement(launches=(launch,))


def launched(median_ms: float, seed: int, launches: int, luck: float = 0.05) -> TimingMeasurement:
    """Samples of several processes, each of which has its own luck."""
    rng = np.random.default_rng(seed)
    levels = median_ms * np.exp(rng.normal(0, luck, launches))
    made = (samples(level, seed + i).launches[0] for i, level in enumerate(levels.tolist()))
    return TimingMeasurement(launches=tuple(made))


def paired(run: Run, slug: str, ratio: float = 1.0, count: int = 10, **more: Any) -> PairsRecord:
    """Live pairs of a variant, stored in the run; the candidate is slower by a ratio."""
    result = of(run, slug)
    rng = np.random.default_rng(count)

    def bursts(median_ms: float) -> tuple[tuple[int, ...], ...]:
        ns = median_ms * 1e6 * np.exp(rng.normal(0, 0.005, (4, 3)))
        return tuple(map(tuple, ns.astype(int).tolist()))

    pairs = tuple(
        ProcessPair(
            baseline_ns=bursts(20.0),
            candidate_ns=bursts(20.0 * ratio * math.exp(rng.normal(0, 0.005))),
            order="BC" * 4,
            started="2026-11-23T12:00:00Z",
        )
        for _ in range(count)
    )
    fields = {"case": result.case.id, "baseline": "main", "pairs": pairs, **more}
    record = PairsRecord(machine=result.environment.machine, **fields)
    name = f"{file_stem(record.case)}.json"
    write_atomic(run.folder / "pairs" / name, to_json(record))
    return record


def retimed(run: Run, seed: int, scale: float = 1.0) -> Run:
    """The run read again, with noisy, drifting samples, and a level of its own within 5 %."""
    for i, result in enumerate(run.results):
        timing = result.get("timing")
        if timing is None:
            continue
        median = float(np.median(timing.launches[0].end_to_end_ns)) / 1e6
        level = math.exp(np.random.default_rng(1000 * seed + i).normal(0, 0.05))
        fresh = samples(median * level * scale, 1000 * seed + i)
        update = {"measurements": replaced(result, "timing", fresh)}
        rewrite(run, result.model_copy(update=update))
    return read_run(run.folder)


def blinded(run: Run, slug: str, name: str, share: float) -> Run:
    """The run read again, with a share of one class's hits in every image now void predictions."""
    result = of(run, slug)
    found = result.get("confusion")
    at, void = found.classes.index(name), len(found.classes)
    arrays = run.arrays(found.arrays)
    hit = (arrays["truth"] == at) & (arrays["prediction"] == at)
    lost = (arrays["count"] * share).astype(np.uint32) * hit
    more = {k: v[hit] for k, v in arrays.items()}
    more |= {"prediction": np.full(hit.sum(), void, np.uint32), "count": lost[hit]}
    changed = {**arrays, "count": arrays["count"] - lost}
    whole = {k: np.concatenate([changed[k], more[k]]) for k in arrays}
    stored = write_arrays(run.folder / "cases", result.case.id, "confusion", whole)
    fresh = found.model_copy(update={"arrays": stored})
    return revised(run, slug, measurements=replaced(result, "confusion", fresh))


def reprotocolled(run: Run, slug: str, **fields: Any) -> Run:
    """The run read again, with one variant measured under another protocol."""
    result = of(run, slug)
    protocol = result.case.protocol.model_copy(update=fields)
    case = result.case.model_copy(update={"protocol": protocol})
    seen = len(result.get("confusion").images)
    dataset = result.dataset.digest if result.dataset else ""
    return revised(
        run,
        slug,
        case=case,
        accuracy_fingerprint=accuracy_fingerprint(protocol, dataset, {}, 255, seen),
        timing_fingerprint=protocol.timing_fingerprint(case.target.threads),
    )


def moved(run: Run, flags: tuple[str, ...] = ("avx2", "fma")) -> Run:
    """The run read again, as if another machine had measured it, with these instructions."""
    for result in run.results:
        if place := result.environment:
            machine = place.machine.model_copy(update={"processor": "Another Processor 9"})
            there = place.model_copy(update={"machine": machine, "flags": flags})
            rewrite(run, result.model_copy(update={"environment": there}))
    return read_run(run.folder)


def emptied(folder: Path) -> Run:
    """The run read again, with a plan and no results."""
    for file in (folder / "cases").glob("*.json"):
        file.unlink()
    return read_run(folder)
