"""Everything else that changes a number."""

import math
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from bench.errors import SuiteError
from bench.suite.base import LARGEST_SEED, LARGEST_SIDE, LONGEST_S, Spec, digest

Scenario = Literal["single_stream", "offline", "server", "constant_stream"]
"""MLPerf's names, and its automotive constant stream."""
LARGEST = 0
"""Batch size of an `offline` that seeks it: the largest that runs in the target's memory."""
SEMANTIC = "semantic"
BESIDE = ("shards", "checks", "stages", "coverage")
"""Fields that change no number: none of them stands in a fingerprint."""
TASK_FIELDS = ("task", "threshold", "mask_threshold", "overlap_mask_area_threshold")
"""Fields of the protocol that belong to a task other than the semantic one."""
GEOMETRY_FIELDS = ("geometry", "stride", "flip")
"""Fields that say how an image gets into the input, beside `scales`."""
FURTHER = ("boundary", "calibration", "edge")
"""Fields that ask for further counts; they change no other number."""


def corruption_of(asked: str, where: str = "corruption") -> tuple[str, int]:
    """Name and level, 1 (slight) to 5 (severe), of `NAME/LEVEL`.

    Raises:
        SuiteError: it has no such level.
    """
    name, _, level = asked.partition("/")
    if level not in {"1", "2", "3", "4", "5"}:
        raise SuiteError(
            f"{where} = {asked!r} has no level from 1 to 5.", f"Write {name}/3, for one."
        )
    return name, int(level)


class Protocol(Spec):
    """How a case is evaluated and timed, and how long it may take."""

    task: str = SEMANTIC
    """Registered task: semantic, panoptic, instance, or a plug-in's."""
    scenario: Scenario = "single_stream"
    rate: float | None = Field(default=None, gt=0, le=1e6)
    """Arrivals (server) or frames (constant_stream) a second; None in the other scenarios."""
    deadline_ms: float | None = Field(default=None, gt=0, le=1000 * LONGEST_S)
    """When a result comes too late (server, constant_stream); None = one frame's period for a
    camera, and none for a server."""
    batch_size: int = Field(default=1, ge=0, le=65_536)
    """Images a call; LARGEST, in TOML `"largest"` or 0 = as many as fit (offline)."""
    height: int | None = Field(default=None, ge=1, le=LARGEST_SIDE)
    """Height of the model's input; None = that of the image."""
    width: int | None = Field(default=None, ge=1, le=LARGEST_SIDE)
    corruption: str = ""
    """`NAME/LEVEL`: a registered corruption, level 1 to 5, of every image before preprocessing."""
    preprocess: str = "normalize"
    postprocess: str = Field(default="", validate_default=True)
    """`reference` = logits upsampled to the image, then argmax; `hf` = the library's own. Default:
    `reference` of the semantic task, else the rule that has the task's name."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """Panoptic: least class probability of a query that is kept. This and the next two are those of
    transformers' `post_process_panoptic_segmentation`."""
    mask_threshold: float = Field(default=0.5, ge=0, le=1)
    """Panoptic: probability from which on a pixel belongs to a query's mask."""
    overlap_mask_area_threshold: float = Field(default=0.8, ge=0, le=1)
    """Panoptic: least share of a query's mask that it wins from the other queries."""
    geometry: Literal["stretch", "pad", "letterbox", "sliding"] = "stretch"
    """How an image gets into the model's input: resized to it; padded; as large as fits with its aspect
    ratio kept; or covered by windows of the input's size."""
    stride: float = Field(default=2 / 3, gt=0, le=1)
    """Step from window to window, as a share of the window's side."""
    scales: Literal["single"] | tuple[Annotated[float, Field(gt=0, le=8)], ...] = "single"
    """Or sizes of the image, as a share of its own, whose maps are averaged."""
    flip: bool = False
    """Average with the maps of the mirrored image."""
    images: int | None = Field(default=None, ge=1)
    """Evaluation images, the first of the split; None = all."""
    parity_images: int = Field(default=16, ge=0)
    """Images of which raw outputs are compared with the reference variant's."""
    gallery_images: int = Field(default=3, ge=0)
    """Images that the card shows."""
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED)
    """Of corruptions and of a server's arrivals."""
    warmup: int = Field(default=3, ge=0, le=1_000_000)
    iterations: int = Field(default=30, ge=1, le=10_000_000)
    """Fewest timed calls of a process, unless its time runs out before."""
    max_iterations: int = Field(default=2000, ge=1, le=10_000_000)
    """Most timed calls of a process, where the median's interval asks for more than `iterations`."""
    median_width: float | None = Field(default=0.02, gt=0, allow_inf_nan=True)
    """Go on until the 95 % interval of the process's median is narrower than this share of it;
    None, in TOML `inf` = `iterations` are enough."""
    launches: int = Field(default=1, ge=1, le=100)
    """Fresh processes that repeat the timing, in turns with the other cases of the suite."""
    accuracy_limit_s: float | None = Field(default=None, gt=0, le=LONGEST_S)
    """Stop the accuracy pass after this long and count what was seen; None = all images."""
    timing_limit_s: float | None = Field(default=None, gt=0, le=LONGEST_S)
    """Stop a process's timing after this long (at least one iteration is kept); None = 60 s once
    `iterations` are done."""
    shards: int = Field(default=1, ge=1, le=10_000)
    """Parts of the accuracy pass, each of whole batches, that an executor may run side by side; their
    union equals one pass to the bit. Timing is never divided."""
    work: bool = True
    """Count the model's work and time its parts, where a torch module is there."""
    ceiling: bool = True
    """Measure what the machine itself can do, once a machine."""
    checks: bool = False
    """Call each artifact again, with another image, batch and shape: a wrong answer makes the row wrong."""
    stages: bool = False
    """Compare each variant with the model stage by stage; else only of wrong rows where `checks` is set."""
    coverage: bool = True
    """Measure how much of a quantized artifact runs in int8."""
    fits_gb: tuple[Annotated[float, Field(ge=0, le=1e6)], ...] = ()
    """Limits of memory, GB, under which the largest batch and image are sought; 0 = all that the
    machine has."""
    boundary: bool = False
    """Count boundary regions, too, for boundary IoU (semantic)."""
    calibration: bool = False
    """Count the labels' confidence, too, for the calibration error (semantic)."""
    edge: bool = False
    """Count the pixels within 32 of the image's edge, too, for the mIoU there (semantic)."""
    timeout_s: float = Field(default=3600.0, gt=0, le=LONGEST_S)
    """Kill the case's process after this long; the case has failed then."""
    prepare_timeout_s: float = Field(default=3600.0, gt=0, le=LONGEST_S)
    """Kill a preparing process (dataset, artifact, reference) after this long."""

    @field_validator("postprocess")
    @classmethod
    def _own_rule(cls, value: str, info: ValidationInfo) -> str:
        task = str(info.data.get("task", SEMANTIC))
        return value or ("reference" if task == SEMANTIC else task)

    @field_validator("scales")
    @classmethod
    def _some(cls, value: Any) -> Any:
        if value != "single" and not 0 < len(value) == len(set(value)):
            raise ValueError("`scales` holds different numbers, at least one")
        return value

    @field_validator(*FURTHER)
    @classmethod
    def _of_label_maps(cls, value: bool, info: ValidationInfo) -> bool:
        task = info.data.get("task", SEMANTIC)
        if value and task != SEMANTIC:
            raise ValueError(
                f"{info.field_name} is counted of label maps, not of the task {task!r}"
            )
        return value

    @field_validator("median_width")
    @classmethod
    def _any_width(cls, value: float | None) -> float | None:
        """TOML has no None, JSON no infinity: an interval that may be endlessly wide is no rule."""
        return None if value is None or math.isinf(value) else value

    @field_validator("batch_size", mode="before")
    @classmethod
    def _batch(cls, value: Any) -> Any:
        """What stands in TOML and what stands in a record."""
        return LARGEST if value == "largest" else value

    def task_fields(self) -> dict[str, Any]:
        """Fields of the task; none of the semantic one, as when the first baselines were made."""
        return {} if self.task == SEMANTIC else {name: getattr(self, name) for name in TASK_FIELDS}

    def geometry_fields(self) -> dict[str, Any]:
        """Fields of the geometry; none of the one that there was when the first baselines were made."""
        fields = type(self).model_fields
        values = {name: getattr(self, name) for name in GEOMETRY_FIELDS}
        plain = self.scales == "single" and all(v == fields[n].default for n, v in values.items())
        return {} if plain else {**values, "scales": self.scales}

    def accuracy_fields(self) -> dict[str, Any]:
        """Fields that change accuracy."""
        corrupted = ("corruption", "seed") if self.corruption else ()
        return self._fields("input preprocess postprocess scales images", *corrupted)

    def timing_fields(self) -> dict[str, Any]:
        """Fields that change latency."""
        fields = self._fields(
            "scenario batch_size input preprocess postprocess warmup iterations max_iterations "
            "median_width timing_limit_s rate deadline_ms launches"
        )
        return fields | (
            {"arrivals": [self.seed, "each launch"]} if self.scenario == "server" else {}
        )

    def _fields(self, names: str, *more: str) -> dict[str, Any]:
        """Values of some fields and of the task's; `input` is height and width."""
        values = {"input": [self.height, self.width], **dict(self)}
        named = {n: values[n] for n in (*names.split(), *more)}
        return named | self.task_fields() | self.geometry_fields()

    def timing_fingerprint(self, threads: int | None) -> str:
        """Hash, 12 hexadecimal digits; latencies are compared only under the same."""
        return digest({**self.timing_fields(), "threads": threads}, 12)


def accuracy_fingerprint(
    protocol: Protocol,
    dataset_digest: str,
    class_map: dict[str, str],
    ignore_index: int,
    seen: int,
    classes: tuple[str, ...] = (),
    unmatched: dict[str, list[str]] | None = None,
) -> str:
    """Hash, 12 hexadecimal digits, printed beside every accuracy; compared only under the same.

    `unmatched` holds the classes that only the model or only the data set has (`Matching.fields`).
    """
    fields = {
        **protocol.accuracy_fields(),
        "dataset": dataset_digest,
        "class_map": class_map,
        "ignore_index": ignore_index,
        "seen": seen,
        "classes": list(classes),
        **(unmatched or {}),
    }
    return digest(fields, 12)
