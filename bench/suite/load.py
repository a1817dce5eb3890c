"""A suite's TOML -> `Suite`: names resolved, the caller's choices applied. See suites/README.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from bench import registry, resources
from bench.errors import SuiteError, UnknownName
from bench.registry import suggest
from bench.suite.base import Spec
from bench.suite.case import ParityLimit
from bench.suite.choose import choose
from bench.suite.halving import Halving
from bench.suite.policy import GatePolicy, check_rules
from bench.suite.protocol import LARGEST, Protocol, corruption_of
from bench.suite.read import check_name, dotted, parse, read_toml, told_of
from bench.suite.suite import Block, Suite
from bench.suite.sweep import CLEAN, OPEN, Sweep, at_point
from bench.suite.tables import Tables, TablesFile, inline, registered, tables

__all__ = ["Tables", "find_suite", "load_suite", "shipped", "tables"]

T = TypeVar("T")
MOST_CASES = 10_000


class BlockFile(Spec):
    """Keys of a [[block]]."""

    model: str
    dataset: str
    variants: tuple[str, ...] = Field(min_length=1)
    targets: tuple[str, ...] = Field(min_length=1)
    axis: str = ""
    protocol: dict[str, Any] = Field(default_factory=dict)
    sweep: Sweep | None = None


class SuiteFile(TablesFile):
    """Keys of a suite's file."""

    name: str
    title: str
    about: str = ""
    reference: str = "torch-fp32"
    protocol: dict[str, Any] = Field(default_factory=dict)
    parity: ParityLimit = ParityLimit()
    gate: GatePolicy = GatePolicy()
    halving: Halving | None = None
    block: tuple[BlockFile, ...] = Field(min_length=1)


def shipped() -> dict[str, Path]:
    """Name -> file of the suites that come with segbench."""
    files = sorted(resources.suites_dir().glob("*.toml"))
    return {f.stem: f for f in files if f.stem not in Tables._fields}


def find_suite(name_or_path: str) -> Path:
    """File of a shipped name, or of a path.

    Raises:
        UnknownName: neither; the nearest shipped name is the hint.
        SuiteError: a path to nothing, or to a folder.
    """
    known = shipped()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise SuiteError(f"{name_or_path!r} is a folder; a suite is a TOML file.")
    if path.suffix == ".toml":
        raise SuiteError(f"There is no file {name_or_path!r}.", suggest(path.stem, known))
    raise UnknownName(f"There is no suite called {name_or_path!r}.", suggest(name_or_path, known))


def load_suite(
    name_or_path: str | Path,
    *,
    roots: Mapping[str, str] | None = None,
    weights: Mapping[str, str] | None = None,
    datasets: Mapping[str, str] | None = None,
    target: str | None = None,
) -> Suite:
    """Suite with every name resolved, after the caller's choices (`choose`).

    Raises:
        SuiteError: the file is wrong; the message holds its path, the key's and the value.
        UnknownName: a name that neither the suite nor segbench defines.
    """
    file = find_suite(str(name_or_path))
    raw = read_toml(file)
    with told_of(file):
        asked = parse(SuiteFile, raw)
        _not_too_many(asked)
        known = inline(asked, file.resolve().parent).over(tables())
        _protocol(asked.protocol, "protocol")
        blocks = [made for i, b in enumerate(asked.block) for made in _blocks(b, i, asked, known)]
        suite = Suite(
            name=check_name(asked.name, "name"),
            title=asked.title,
            about=asked.about,
            reference=_named(known.variants, "variant", asked.reference, "reference"),
            parity=asked.parity,
            gate=asked.gate,
            halving=asked.halving,
            blocks=tuple(blocks),
        )
        # Rules speak about the suite's own cases; the caller's choices may change ids.
        if suite.gate.rule:
            check_rules(suite.gate, [c.id for c in suite.expand()], _judged(suite))
    suite = choose(suite, known, roots or {}, weights or {}, datasets or {}, target)
    with told_of(file):
        _check(suite)
    return suite


def _not_too_many(asked: SuiteFile) -> None:
    """Refuse a suite before it is expanded into more cases than anybody could measure."""
    count = sum(
        len(b.variants) * len(b.targets) * (b.sweep.count if b.sweep else 1) for b in asked.block
    )
    if count > MOST_CASES:
        raise SuiteError(
            f"it asks for {count} cases; a suite has {MOST_CASES} at most.",
            "Sweep fewer values, or write several suites.",
        )


def _judged(suite: Suite) -> set[str]:
    """Metrics of accuracy that the suite's tasks have: headlines, and those of each class."""
    found: set[str] = set()
    for block in suite.blocks:
        task = registry.load("task", block.protocol.task)
        found |= {task.headline, *(f"{task.class_metrics[0]}.{c}" for c in block.dataset.classes)}
    return found


def _blocks(raw: BlockFile, index: int, asked: SuiteFile, known: Tables) -> tuple[Block, ...]:
    """The block itself, or one a point of its sweep."""
    at = dotted("block", index)
    # The override alone first, so that an error names the place where the key stands.
    _protocol(raw.protocol, dotted(at, "protocol"))

    def each(table: dict[str, T], kind: str, names: tuple[str, ...]) -> tuple[T, ...]:
        places = (dotted(at, f"{kind}s", i) for i in range(len(names)))
        return tuple(_named(table, kind, *of) for of in zip(names, places, strict=True))

    block = Block(
        model=_named(known.models, "model", raw.model, dotted(at, "model")),
        dataset=_named(known.datasets, "dataset", raw.dataset, dotted(at, "dataset")),
        variants=each(known.variants, "variant", raw.variants),
        targets=each(known.targets, "target", raw.targets),
        protocol=_protocol({**asked.protocol, **raw.protocol}, dotted(at, "protocol")),
        axis=check_name(raw.axis, dotted(at, "axis")) if raw.axis else "",
    )
    made = _swept(block, raw.sweep, raw, at) if raw.sweep else (block,)
    return tuple(_fit(b, raw, at) for b in made)


def _swept(block: Block, sweep: Sweep, raw: BlockFile, at: str) -> tuple[Block, ...]:
    """One block a point; a key has one place, the protocol or the sweep."""
    where = dotted(at, "sweep")
    if not sweep.keys:
        raise SuiteError(f"{where} names no key.", f"Known: {', '.join(Sweep.model_fields)}.")
    for key in sweep.keys:
        for name in ("height", "width") if key == "size" else (key,):
            if name in raw.protocol:
                raise SuiteError(
                    f"{dotted(at, 'protocol', name)} = {raw.protocol[name]!r} is swept, "
                    f"too ({where}.{key}).",
                    "Leave one of them out.",
                )
    if sweep.size and block.model.onnx is not None:
        raise SuiteError(
            f"{where}.size: the ONNX file of model {block.model.name!r} fixes its image's size.",
            "Sweep something else.",
        )
    for i, value in enumerate(sweep.corruption or ()):
        if value != CLEAN:
            _corruption(value, dotted(where, "corruption", i))
    return tuple(at_point(block, point) for point in sweep.points())


def _fit(block: Block, raw: BlockFile, at: str) -> Block:
    """The block, whose protocol has a batch and a rate that its scenario can have."""
    protocol, scenario = block.protocol, block.protocol.scenario
    if protocol.batch_size == LARGEST and scenario != "offline":
        raise SuiteError(
            f'{at}: the scenario {scenario!r} takes no batch_size = "largest".',
            'Set scenario = "offline", or name a number.',
        )
    if protocol.batch_size > 1 and scenario == "constant_stream":
        raise SuiteError(
            f"{at}: batch_size = {protocol.batch_size}: a camera's frames come one by one.",
            "Leave batch_size out, or use another scenario.",
        )
    if scenario in OPEN:
        if protocol.rate is None:
            raise SuiteError(
                f"{at}: the scenario {scenario!r} needs a rate.",
                "Give the protocol a `rate`, arrivals a second.",
            )
        return block
    swept = raw.sweep.keys if raw.sweep else ()
    for key in ("rate", "deadline_ms"):
        if (key in raw.protocol or key in swept) and "scenario" not in swept:
            raise SuiteError(
                f"{at}: the scenario {scenario!r} takes no {key}.",
                f"Use one of {' and '.join(OPEN)}.",
            )
    closed = protocol.model_copy(update={"rate": None, "deadline_ms": None})
    return block.model_copy(update={"protocol": closed})


def _protocol(raw: dict[str, Any], where: str) -> Protocol:
    made = parse(Protocol, raw, where)
    for kind in ("task", "preprocess", "postprocess"):
        registered(kind, getattr(made, kind), dotted(where, kind))
    if made.corruption:
        _corruption(made.corruption, dotted(where, "corruption"))
    return made


def _corruption(value: str, where: str) -> None:
    """Refuse what isn't a registered corruption with its level."""
    registered("corruption", value.partition("/")[0], where)
    corruption_of(value, where)


def _named(table: dict[str, T], kind: str, name: str, where: str) -> T:
    if name not in table:
        raise UnknownName(
            f"{where} = {name!r}: there is no {kind} of that name.", suggest(name, table)
        )
    return table[name]


def _check(suite: Suite) -> None:
    """Refuse what would make a number untrue: doubled ids, calibration on evaluated images."""
    for case in suite.expand():
        calibration = case.variant.calibration
        if calibration and calibration.split == case.dataset.split:
            raise SuiteError(
                f"variant {case.variant.slug!r} calibrates on {calibration.split!r}, the "
                f"split of data set {case.dataset.name!r} that it is evaluated on.",
                "Give the variant's `calibration` another split.",
            )
