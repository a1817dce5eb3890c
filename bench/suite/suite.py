"""A suite: blocks of names that expand into cases."""

from itertools import product

from pydantic import Field

from bench.errors import SuiteError
from bench.suite.base import Spec
from bench.suite.case import Case, ParityLimit
from bench.suite.dataset import Dataset
from bench.suite.halving import Halving
from bench.suite.model import Model
from bench.suite.policy import GatePolicy
from bench.suite.protocol import Protocol
from bench.suite.target import Target
from bench.suite.variant import Variant


class Block(Spec):
    """One model on one data set, in several variants, on several targets."""

    model: Model
    dataset: Dataset
    variants: tuple[Variant, ...] = Field(min_length=1)
    targets: tuple[Target, ...] = Field(min_length=1)
    protocol: Protocol
    axis: str = ""
    sweep: dict[str, str | int | float] = Field(default_factory=dict)
    """Key -> value, where the block is a point of a sweep."""

    def on(self, target: Target) -> Target:
        """The target with the threads that a sweep gives this block."""
        threads = self.sweep.get("threads")
        return target if threads is None else target.model_copy(update={"threads": threads})


class Suite(Spec):
    """What one `segbench run` measures."""

    name: str
    title: str
    about: str = ""
    reference: Variant
    parity: ParityLimit = ParityLimit()
    gate: GatePolicy = GatePolicy()
    halving: Halving | None = None
    """How short timings choose the variants that are measured; None = all are."""
    blocks: tuple[Block, ...] = Field(min_length=1)

    def expand(self) -> tuple[Case, ...]:
        """Every case, in the order in which the suite names them; worked out once.

        Raises:
            SuiteError: two cases share an id.
        """
        of = (self.blocks, self.reference, self.parity)
        # As functools.cached_property keeps it, but a copy with other fields must not keep it.
        held: tuple[tuple[object, ...], tuple[Case, ...]]
        held = self.__dict__.get("expanded", ((), ()))
        if [*map(id, held[0])] != [*map(id, of)]:
            held = self.__dict__["expanded"] = of, self._cases()
        return held[1]

    def _cases(self) -> tuple[Case, ...]:
        cases: dict[str, Case] = {}
        for block in self.blocks:
            shared = {
                f: getattr(block, f) for f in ("model", "dataset", "protocol", "axis", "sweep")
            }
            shared |= {"reference": self.reference, "parity": self.parity}
            for target, variant in product(block.targets, block.variants):
                case = Case(target=target, variant=variant, **shared)
                if case.id in cases:
                    raise SuiteError(
                        f"Suite {self.name!r} names the case {case.id!r} twice.",
                        "Give one of the variants a `recipe`, or the block an `axis`.",
                    )
                cases[case.id] = case
        return tuple(cases.values())
