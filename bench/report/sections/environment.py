"""The machine and the software, once for all cases that share them."""

from collections.abc import Iterable
from typing import TypeVar

from bench.metrics.base import Row
from bench.metrics.format import listing, plural, size
from bench.record.environment import Environment
from bench.report.blocks import Block, Code, Items, KeyValues, Prose, Section, Text
from bench.report.sections.common import titled
from bench.report.view import View
from bench.suite.base import canonical

T = TypeVar("T", int, str)


def section(view: View) -> Section | None:
    """Section `environment`; None where no case got as far as a machine."""
    places: dict[str, list[tuple[Row, Environment]]] = {}
    for row in view.rows:
        found = row.result.environment
        if found is not None:
            places.setdefault(canonical(_stable(found)), []).append((row, found))
    if not places:
        return None
    blocks: list[Block] = []
    for number, rows in enumerate(places.values(), 1):
        which = f", {number} of {len(places)}" if len(places) > 1 else ""
        blocks.append(KeyValues(f"Machine and software{which}", _pairs(rows)))
        if which:
            blocks.append(Prose(f"Cases: {listing([r.id for r, _ in rows])}."))
    return titled("environment", [*blocks, Items(_run(view))])


def _stable(found: Environment) -> dict[str, object]:
    """What tells two places apart: no reading of a clock, of the load, or of a case's own."""
    return {
        "machine": found.machine.identity,
        "flags": list(found.flags),
        "commit": [found.git_commit, found.git_dirty, found.segbench_commit, found.code_digest],
    }


def _pairs(rows: list[tuple[Row, Environment]]) -> tuple[tuple[str, str], ...]:
    every = [e for _, e in rows]
    first, machine = every[0], every[0].machine
    cores = plural(machine.cores, "core")
    if machine.physical_cores not in {None, 0, machine.cores}:
        cores += f", {machine.physical_cores} of them physical"
    threads = _by((e.threads, r.names.target) for r, e in rows)
    named = ", ".join(f"{n} ({listing(targets)})" for n, targets in threads)
    versions = _by(pair for e in every for pair in e.versions.items())
    variables = _by(pair for e in every for pair in e.variables.items())
    started = sorted(r.result.started for r, _ in rows if r.result.started)
    pairs = [
        ("Processor", f"{machine.processor} ({machine.architecture}), {cores}"),
        ("Memory", size(machine.memory_bytes)),
        *(
            ("GPU", f"{g.name}, {size(g.memory_bytes)}, driver {g.driver or 'unknown'}")
            for g in machine.gpus
        ),
        ("System", machine.system),
        ("Processor features", ", ".join(first.flags)),
        ("Clock at the start of a case", _range([e.clock_mhz for e in every], "MHz", 0)),
        ("Load at the start of a case", _range([e.load_average for e in every], "", 2)),
        ("Threads", named if len(threads) > 1 else str(first.threads)),
        ("Versions", ", ".join(f"{n} {' and '.join(v)}" for n, v in versions)),
        ("Environment variables", ", ".join(f"{n}={' or '.join(v)}" for n, v in variables)),
        ("Started from commit", _commit(first)),
        ("segbench's own commit", first.segbench_commit or "installed package"),
        ("Measuring code", first.code_digest),
        ("Measured", " to ".join(dict.fromkeys(started[:1] + started[-1:]))),
    ]
    return tuple((k, v) for k, v in pairs if v)


def _range(values: list[float | None], unit: str, decimals: int) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return ""
    ends = dict.fromkeys(f"{v:.{decimals}f}" for v in (min(known), max(known)))
    return f"{' to '.join(ends)} {unit}".strip()


def _by(pairs: Iterable[tuple[T, str]]) -> list[tuple[T, list[str]]]:
    """Keys, each with its values once; both sorted."""
    found: dict[T, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return [(key, sorted(values)) for key, values in sorted(found.items())]


def _commit(first: Environment) -> str:
    if first.git_commit is None:
        return "no git checkout"
    state = {True: ", with changes", False: ", clean", None: ""}[first.git_dirty]
    return first.git_commit[:12] + state


def _run(view: View) -> tuple[Text, ...]:
    """What was run."""
    info = view.run.info
    suite = ("Suite: ", Code(info.suite), f", by segbench {info.segbench or 'unknown'}.")
    command = ("Command: ", Code(" ".join(info.command)), ".")
    raw = ("Raw records: ", Code(f"{view.cases_href}/"), ", one JSON a case.")
    return (suite, command, raw) if info.command else (suite, raw)
