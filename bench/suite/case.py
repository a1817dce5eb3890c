"""A case: model x variant x target x dataset x protocol."""

from typing import Any, Self

from pydantic import Field

from bench.suite.base import Spec, digest
from bench.suite.dataset import Dataset
from bench.suite.model import LATER, Model
from bench.suite.protocol import BESIDE, FURTHER, GEOMETRY_FIELDS, TASK_FIELDS, Protocol
from bench.suite.target import Target
from bench.suite.variant import Variant


class ParityLimit(Spec):
    """Beyond any of these a case is `wrong`: measured, but not the same model any more."""

    agreement: float | None = 0.95
    """Least share of equal labels with the reference variant (trained weights only)."""
    sqnr_db: float | None = 3.0
    """Least signal-to-quantization-noise ratio of the combined map, decibels."""


class Case(Spec):
    """One row: everything that determines the answer."""

    model: Model
    variant: Variant
    target: Target
    dataset: Dataset
    protocol: Protocol
    reference: Variant
    """Variant whose outputs parity is measured against."""
    parity: ParityLimit = ParityLimit()
    axis: str = ""
    """Last part of the id, where one field of the protocol varies within the suite."""
    sweep: dict[str, str | int | float] = Field(default_factory=dict)
    """Swept key -> value, as the axis says it; protocol and target hold the values that count."""
    weights_digest: str = ""
    """Digest of the weights or of what determines them, found when the plan is made."""
    dataset_digest: str = ""
    """Digest of what determines the data set (names and sizes of files), found then, too."""

    @property
    def id(self) -> str:
        """`model/format-backend-precision[-recipe]/target/dataset[/axis]`."""
        parts = [self.model.name, self.variant.slug, self.target.name, self.dataset.name, self.axis]
        return "/".join(p for p in parts if p)

    @property
    def is_reference(self) -> bool:
        """Whether this case's variant is the reference itself."""
        return self.variant.slug == self.reference.slug

    def asking(self, **settings: Any) -> Self:
        """The case with other settings of its protocol."""
        protocol = self.protocol.model_copy(update=settings)
        return self.model_copy(update={"protocol": protocol})

    @property
    def fingerprint(self) -> str:
        """sha256 over all that determines the answer.

        Prose is left out, and the protocol's fields that change no number, and the folders of weights and images once
        their digests are known: a copy elsewhere gives the same answer.
        """
        what = self.model_dump(mode="json", exclude={"sweep"})
        for part in ("model", "variant", "target", "dataset", "reference"):
            what[part].pop("about", None)
        for name in BESIDE:
            what["protocol"].pop(name)
        if self.weights_digest:
            what["model"].pop("location")
        if self.dataset_digest:
            what["dataset"].pop("root")
        # A case has the fingerprint that it had before there were other tasks, geometries and counts.
        further = [name for name in FURTHER if not what["protocol"][name]]
        for fields, names in (
            (self.protocol.task_fields(), TASK_FIELDS),
            (self.protocol.geometry_fields(), GEOMETRY_FIELDS),
            ({}, further),
        ):
            for name in () if fields else names:
                what["protocol"].pop(name)
        plain = Model.model_fields
        what["model"] = {
            k: v for k, v in what["model"].items() if k not in LATER or v != plain[k].default
        }
        if not self.dataset.things:
            what["dataset"].pop("things")
        return digest(what)
