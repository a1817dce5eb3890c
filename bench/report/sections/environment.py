"""The machine and the software, once for all cases that share them."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.format import listing, plural, size
from bench.record.environment import Environment
from bench.report.blocks import Block, Code, Items, KeyValues, Prose, Section, Text
from bench.report.view import View
from bench.suite.base import canonical


def section(view: View) -> Section | None:
    """Section `environment`; None where no case got as far as a machine."""
    places: dict[str, list[Row]] = {}
    for row in view.rows:
        found = row.result.environment
        if found is not None:
            places.setdefault(canonical(_stable(found)), []).append(row)
    if not places:
        return None
    blocks: list[Block] = []
    for number, rows in enumerate(places.values(), 1):
        title = "Machine and software"
        if len(places) > 1:
            title += f", {number} of {len(places)}"
        blocks.append(KeyValues(title, _pairs(rows)))
        if len(places) > 1:
            blocks.append(Prose((f"Cases: {listing([r.id for r in rows])}.",)))
    run = _run(view)
    if run:
        blocks.append(Items(run))
    return Section("environment", "Where it was measured", tuple(blocks))


def _stable(found: Environment) -> dict[str, object]:
    """What tells two places apart: no reading of a clock, of the load, or of a case's own."""
    return {
        "machine": found.machine.identity,
        "flags": list(found.flags),
        "commit": [found.git_commit, found.git_dirty, found.segbench_commit, found.code_digest],
    }


def _pairs(rows: list[Row]) -> tuple[tuple[str, str], ...]:
    every = [r.result.environment for r in rows if r.result.environment is not None]
    first = every[0]
    machine = first.machine
    cores = plural(machine.cores, "core")
    physical = f", {machine.physical_cores} of them physical" if machine.physical_cores else ""
    if machine.physical_cores == machine.cores:
        physical = ""
    pairs = [
        ("Processor", f"{machine.processor} ({machine.architecture}), {cores}{physical}"),
        ("Memory", size(machine.memory_bytes)),
        *(
            ("GPU", f"{g.name}, {size(g.memory_bytes)}, driver {g.driver or 'unknown'}")
            for g in machine.gpus
        ),
        ("System", machine.system),
        ("Processor features", ", ".join(first.flags)),
        ("Clock at the start of a case", _range([e.clock_mhz for e in every], "MHz", 0)),
        ("Load at the start of a case", _range([e.load_average for e in every], "", 2)),
        ("Threads", _threads(rows)),
        ("Versions", _versions(every)),
        ("Environment variables", _joined(every)),
        ("Started from commit", _commit(first)),
        ("segbench's own commit", first.segbench_commit or "installed package"),
        ("Measuring code", first.code_digest),
        ("Measured", _range_text(sorted(r.result.started for r in rows if r.result.started))),
    ]
    return tuple((k, v) for k, v in pairs if v)


def _range(values: list[float | None], unit: str, decimals: int) -> str:
    known = [v for v in values if v is not None]
    if not known:
        return ""
    ends = dict.fromkeys(f"{v:.{decimals}f}" for v in (min(known), max(known)))
    return f"{' to '.join(ends)} {unit}".strip()


def _range_text(values: list[str]) -> str:
    return " to ".join(dict.fromkeys(values[:1] + values[-1:]))


def _threads(rows: list[Row]) -> str:
    found: dict[int, set[str]] = {}
    for row in rows:
        if row.result.environment:
            name = row.result.case.target.name
            found.setdefault(row.result.environment.threads, set()).add(name)
    if len(found) == 1:
        return str(next(iter(found)))
    return ", ".join(f"{n} ({listing(sorted(names))})" for n, names in sorted(found.items()))


def _versions(every: list[Environment]) -> str:
    found: dict[str, set[str]] = {}
    for environment in every:
        for name, version in environment.versions.items():
            found.setdefault(name, set()).add(version)
    return ", ".join(f"{n} {' and '.join(sorted(v))}" for n, v in sorted(found.items()))


def _joined(every: list[Environment]) -> str:
    found: dict[str, set[str]] = {}
    for environment in every:
        for name, value in environment.variables.items():
            found.setdefault(name, set()).add(value)
    return ", ".join(f"{n}={' or '.join(sorted(v))}" for n, v in sorted(found.items()))


def _commit(first: Environment) -> str:
    if first.git_commit is None:
        return "no git checkout"
    state = {True: ", with changes", False: ", clean", None: ""}[first.git_dirty]
    return first.git_commit[:12] + state


def _run(view: View) -> tuple[Text, ...]:
    """What was run."""
    info = view.run.info
    said: list[Text] = [
        ("Suite: ", Code(info.suite), f", by segbench {info.segbench or 'unknown'}.")
    ]
    if info.command:
        said.append(("Command: ", Code(" ".join(info.command)), "."))
    said.append(("Raw records: ", Code(f"{view.cases_href}/"), ", one JSON a case."))
    return tuple(said)
