"""Which cases are asked for, what of them is refused, and which stand already."""

import fnmatch
from collections.abc import Sequence

from bench import registry
from bench.errors import BadInput, CodeRefused
from bench.execute import probe
from bench.record.environment import Machine
from bench.record.result import Result
from bench.suite.case import Case


def select(cases: Sequence[Case], only: str | None) -> tuple[Case, ...]:
    """Cases whose id matches a shell pattern, in which `*` crosses `/`.

    Raises:
        BadInput: none does.
    """
    if only is None:
        return tuple(cases)
    chosen = tuple(c for c in cases if fnmatch.fnmatchcase(c.id, only))
    if not chosen:
        raise BadInput(
            f"No case matches --only {only!r}.",
            f"The ids look like {cases[0].id!r}; * matches anything. See them with --list.",
        )
    return chosen


def refuse_code(cases: Sequence[Case], *, allow_code: bool) -> None:
    """Refuse models that run the user's own Python, before anything is measured.

    Raises:
        CodeRefused: there is one without `allow_code`.
    """
    for case in cases:
        loader = registry.load("model", case.model.loader)
        if loader.runs_code and not allow_code:
            raise CodeRefused(
                f"Model {case.model.name!r} runs code of its own: {case.model.location!r}.",
                "If you trust it, say so with --allow-code.",
            )


def refuse_options(cases: Sequence[Case]) -> None:
    """Refuse options that a backend or an export step doesn't know: they would be ignored.

    Raises:
        BadInput: there is one; the nearest known option is the hint.
    """
    for variant in {c.variant.slug: c.variant for c in cases}.values():
        known = registry.load("backend", variant.backend).options
        asked = [("backend", variant.backend, variant.options, known)]
        for step in variant.steps:
            known = registry.load("exporter", step.name).options
            asked.append(("exporter", step.name, step.options, known))
        for kind, name, options, known in asked:
            for option in options:
                if option not in known:
                    raise BadInput(
                        f"Variant {variant.name!r}: the {kind} {name!r} has no option {option!r}.",
                        registry.suggest(option, known) if known else "It has none.",
                    )


def stands(old: Result, case: Case, machine: Machine, *, halved: bool = False) -> bool:
    """Whether a stored result was found for the same question in the same setting on a machine.

    It may lack launches or analyses: those are measured and added. `halved`: a row that successive
    halving ended stands, too.
    """
    if old.environment is None:
        return False
    if not (halved and ended(old)):
        parity = old.get("parity")
        if old.status not in {"ok", "wrong"} or parity is None:
            return False
        if parity.absent:  # the reference may do better this time
            return False
    then = old.environment
    same_case = old.fingerprint == case.fingerprint
    same_machine = then.machine.identity == machine.identity
    same_code = then.code_digest == probe.code_digest()
    return same_case and same_machine and same_code and then.versions == probe.versions(case)


def ended(row: Result) -> bool:
    """Whether successive halving ended a row: it has a timing, and nothing else."""
    return row.status == "skipped" and row.get("timing") is not None
