"""What quantizing each block of a model costs, and which to leave out: a suite of its own, row by row."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from bench.errors import BadInput, CaseFailed
from bench.jobs.measure import BlocksJob, BlocksReport
from bench.metrics.base import Metric, Row
from bench.metrics.rows import rows
from bench.plan import select, tries
from bench.plan.quantized import EXCLUDE, quantizes
from bench.plan.run import measure
from bench.plan.setting import Listener, Setting, StepFailed
from bench.plan.walk import Walk
from bench.record.store import read_run
from bench.record.work import PartWork
from bench.suite.case import Case, ParityLimit
from bench.suite.suite import Block, Suite
from bench.suite.variant import Variant

METRICS = ("headline", "headline_difference", "map_sqnr_db")
_FLOATS = {"bf16": "bf16", "f16": "fp16"}
"""OpenVINO's `precision_hint` -> precision of the graph that isn't quantized."""
_QUICK: dict[str, Any] = {
    "warmup": 1, "iterations": 1, "max_iterations": 1, "median_width": None, "launches": 1,
    "work": False, "ceiling": False, "coverage": False, "gallery_images": 0,
}  # fmt: skip
"""Nothing is timed here."""


@dataclass(frozen=True)
class Cost:
    """A variant against the float graph."""

    excluded: tuple[str, ...]
    headline: Metric
    difference: Metric
    """Paired over the images, fraction."""
    sqnr_db: float | None


@dataclass(frozen=True)
class Found:
    """Costs of all blocks, and the list that wins the loss back."""

    label: str
    """The task's headline in words."""
    images: int
    whole: Cost
    """All blocks quantized."""
    blocks: tuple[tuple[PartWork, Cost], ...]
    """Each quantized alone, the most costly first."""
    kept: tuple[Cost, ...]
    """Lists of growing length that were tried, the last one being the answer; none where nothing is lost."""

    def won_back(self, cost: Cost) -> float | None:
        """Share of the whole loss that a list wins back; None where nothing is lost."""
        lost, left = self.whole.difference.value, cost.difference.value
        return None if not lost or lost >= 0 or left is None else 1 - left / lost


def search(case: Case, setting: Setting, listener: Listener, enough: float = 0.8) -> Found:
    """Costs of a case's blocks, and a list of blocks that wins back the share `enough` of the loss.

    Every variant is a row of the run `setting.run`; rows that are complete there aren't measured again. Blocks are put
    on the list in the order of their cost alone, the most costly first.

    Raises:
        BadInput: the variant quantizes nothing.
        CaseFailed, Unsupported: its parts are unknown, or a variant can't be measured.
    """
    plain = unquantized(case.variant)
    case = case.model_copy(
        update={"reference": plain, "parity": ParityLimit(agreement=None, sqnr_db=None)}
    )
    case = case.asking(**_QUICK)
    blocks = _blocks(case.model_copy(update={"variant": plain}), setting, listener)
    names = tuple(block.name for block in blocks)
    variants = [plain, case.variant]
    singles = [
        excluding(case.variant, tuple(n for n in names if n != name), f"only-{i + 1}")
        for i, name in enumerate(names)
    ]
    found = _measured(case, [*variants, *singles], setting, listener)
    label, images = found[plain.slug].names.label, len(_seen(found[plain.slug]))
    whole = _cost(found[case.variant.slug])
    ranked = sorted(
        ((b, _cost(found[v.slug])) for b, v in zip(blocks, singles, strict=True)), key=_order
    )
    answer = Found(label, images, whole, tuple(ranked), ())
    kept: list[Cost] = []
    for n in range(1, len(ranked)):
        if (answer.won_back(kept[-1] if kept else whole) or 0) >= enough or answer.won_back(
            whole
        ) is None:
            break
        listed = tuple(block.name for block, _ in ranked[:n])
        variant = excluding(case.variant, listed, f"without-{n}")
        variants.append(variant)
        again = _measured(case, [*variants, *singles], setting, listener)
        kept.append(_cost(again[variant.slug]))
    return replace(answer, kept=tuple(kept))


def unquantized(variant: Variant) -> Variant:
    """The variant without the steps that quantize: what every block's cost is measured against.

    Raises:
        BadInput: it has none.
    """
    steps = tuple(s for s in variant.steps if not quantizes(s))
    if steps == variant.steps:
        raise BadInput(
            f"The variant {variant.name!r} has no step that quantizes and takes `{EXCLUDE}`.",
            "Choose one like onnx-onnxruntime-int8-static: segbench list variants",
        )
    hint = _FLOATS.get(str(variant.options.get("precision_hint")), "fp32")
    precision = hint if variant.precision == "int8" else variant.precision
    fields = {
        "steps": steps,
        "calibration": None,
        "precision": precision,
        "recipe": "float",
        "about": "",
    }
    made = variant.model_copy(update=fields)
    return made.model_copy(update={"name": made.slug})


def excluding(variant: Variant, names: Sequence[str], word: str) -> Variant:
    """The variant with further names on the list of what stays in floating point; `word` ends its slug."""
    steps = tuple(
        s.model_copy(
            update={"options": {**s.options, EXCLUDE: [*s.options.get(EXCLUDE, ()), *names]}}
        )
        if quantizes(s)
        else s
        for s in variant.steps
    )
    recipe = "-".join(filter(None, (variant.recipe, word)))
    made = variant.model_copy(update={"steps": steps, "recipe": recipe})
    return made.model_copy(update={"name": made.slug})


def _blocks(case: Case, setting: Setting, listener: Listener) -> tuple[PartWork, ...]:
    """Blocks of the graph that isn't quantized."""
    select.refuse_code((case,), allow_code=setting.allow_code)
    with tempfile.TemporaryDirectory() as logs:
        walk = Walk(replace(setting, run=Path(logs)), listener)
        graph = tries.graph(walk, walk.can.places[0])
        try:
            made = walk.result(graph.ready(case))
            done = walk.do(graph.session(BlocksJob, made), case, graph.place)
            if failed := StepFailed.of(done):
                raise failed
        except StepFailed as e:
            raise CaseFailed(f"{case.id}: {e.failure.message}") from None
    return cast("BlocksReport", done.report).blocks


def _measured(
    case: Case, variants: Sequence[Variant], setting: Setting, listener: Listener
) -> dict[str, Row]:
    """Variant's slug -> its row, with `METRICS`."""
    block = Block(
        model=case.model,
        dataset=case.dataset,
        variants=tuple(variants),
        targets=(case.target,),
        protocol=case.protocol,
    )
    suite = Suite(
        name=f"sensitivity-{case.model.name}",
        title=f"What quantizing the blocks of {case.model.name} costs",
        reference=case.reference,
        parity=case.parity,
        blocks=(block,),
    )
    measure(suite, suite.expand(), setting, listener)
    found = {r.names.variant: r for r in rows(read_run(setting.run), METRICS)}
    for variant in variants:
        row = found[variant.slug]
        if row.value("headline") is None:
            metric = row.metric("headline")
            raise CaseFailed(f"{row.id}: {row.names.reason or (metric and metric.reason)}")
    return found


def _cost(row: Row) -> Cost:
    steps = row.result.case.variant.steps
    excluded = tuple(str(n) for s in steps for n in s.options.get(EXCLUDE, ()))
    none = Metric(None, reason="not measured")
    difference = row.metric("headline_difference") or none
    return Cost(excluded, row.metric("headline") or none, difference, row.value("map_sqnr_db"))


def _order(found: tuple[PartWork, Cost]) -> tuple[float, float]:
    """Most costly first: the least difference, then the least signal over noise."""
    cost = found[1]
    return cost.difference.value or 0.0, cost.sqnr_db or 0.0


def _seen(row: Row) -> tuple[str, ...]:
    from bench.tasks.base import counted

    return tuple(counted(row.result).images)
