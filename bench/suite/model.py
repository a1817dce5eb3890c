"""A named architecture with weights."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from bench.suite.base import LARGEST_SEED, LARGEST_SIDE, Spec
from bench.suite.classes import listed

Divisor = Annotated[float, Field(gt=0)]
Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]
MOST_BANDS = 256
SEEDED, FEATURES_ONLY = "seeded weights", "features only"
LATER = ("input_size", "features", "task_input")
"""Fields that a fingerprint has only where they are set: models from before them keep theirs."""
Source = Literal["package", "hub", "folder", "seeded", "file", "code"]


class OnnxInput(Spec):
    """How the user's own ONNX file wants its image, and which output holds the logits."""

    name: str
    """Name of the graph's input."""
    height: int = Field(ge=1, le=LARGEST_SIDE)
    width: int = Field(ge=1, le=LARGEST_SIDE)
    logits: str
    """Name of the output that holds logits, (N, C, h, w), or labels, (N, h, w)."""


class Pixels(Spec):
    """How an image becomes numbers: `(value * scale - mean) / std`, by channel."""

    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[Divisor, ...] = (0.229, 0.224, 0.225)
    channels: str | int = "rgb"
    """rgb, bgr, or the number of an image's bands, in the order in which they are stored."""

    @property
    def bands(self) -> int:
        """Channels of the model's input."""
        return self.channels if isinstance(self.channels, int) else 3

    @field_validator("channels")
    @classmethod
    def _known(cls, value: str | int) -> str | int:
        if value in {"rgb", "bgr"} or (isinstance(value, int) and 1 <= value <= MOST_BANDS):
            return value
        raise ValueError(f"{value!r} is none of 'rgb', 'bgr' and a number from 1 to {MOST_BANDS}")

    @model_validator(mode="after")
    def _one_a_band(self) -> Self:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != self.bands:
                raise ValueError(f"`{name}` has {len(values)} values for {self.bands} channels")
        return self


class TaskInput(Spec):
    """Second input of a model that is told its task in words (OneFormer)."""

    task: str = "semantic"
    """The task that the sentence names, the only one that the model then does."""
    tokens: tuple[int, ...] = ()
    """Token ids of the sentence; empty = the weights' own tokenizer makes them."""


class Told(Spec):
    """What weights tell of themselves; a key that the suite sets wins."""

    classes: tuple[str, ...] = ()
    pixels: Pixels | None = None
    size_multiple: int | None = None
    input_size: tuple[int, int] | None = None
    tasks: tuple[str, ...] = ()
    """Tasks that the architecture can do; empty = it isn't known."""


class Model(Spec):
    """An architecture and where its weights come from."""

    name: str
    loader: str = "transformers"
    """Registered model loader: transformers, onnx, callable, or a plug-in's."""
    source: Source
    """package (shipped), hub, folder, seeded (untrained), file (ONNX) or code."""
    location: str
    """Shipped name, hub id, folder, ONNX file or `package.module:build`."""
    revision: str | None = None
    """Commit or tag on the hub."""
    seed: int | None = Field(default=None, ge=0, le=LARGEST_SEED)
    """Seed of untrained weights."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Architecture, as a transformers config, where no config.json is at hand (seeded)."""
    classes: tuple[str, ...] = Field(default=(), max_length=255)
    """Names of the model's classes, by channel; in TOML also a table's name (`"cityscapes"`,
    `"ade20k"`). Empty = those that the weights tell, where the loader can read them."""
    pixels: Pixels = Pixels()
    onnx: OnnxInput | None = None
    size_multiple: int = Field(default=32, ge=1, le=LARGEST_SIDE)
    """Input sides are rounded up to a multiple of this."""
    input_size: tuple[Side, Side] | None = None
    """Height and width of the only input that it takes; None = any."""
    features: bool = False
    """Whether it gives features alone: a backbone, which is timed and compared, and has no accuracy."""
    task_input: TaskInput | None = None
    about: str = ""
    licence: str = ""
    hub_id: str = ""
    """Hub id that the card's metadata names as the base model."""

    @property
    def trained(self) -> bool:
        """Whether accuracy means anything: seeded weights have none."""
        return self.source != "seeded"

    @property
    def unjudged(self) -> str:
        """Why it has no accuracy: `seeded weights`, `features only`; empty where it has."""
        if self.features:
            return FEATURES_ONLY
        return "" if self.trained else SEEDED

    @property
    def is_path(self) -> bool:
        """Whether `location` is a folder or file, which another machine may have elsewhere."""
        return self.source in {"folder", "file"}

    def padded(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the input: its only size, else each rounded up to the model's multiple."""
        if self.input_size is not None:
            return self.input_size
        m = self.size_multiple
        return -(-height // m) * m, -(-width // m) * m

    def completed(self, told: Told) -> Self:
        """The model with what its weights tell, where the suite left it out."""
        said = {name: getattr(told, name) for name in ("pixels", "size_multiple", "input_size")}
        update = {
            name: value
            for name, value in said.items()
            if value is not None and name not in self.model_fields_set
        }
        return self.model_copy(update={"classes": self.classes or told.classes, **update})

    def misfit(self, told: Told, task: str, asked: tuple[int | None, int | None]) -> str:
        """Empty, or why it can't do a task on an input of a height and width (None = any)."""
        if self.features and task != "semantic":
            return f"Model {self.name!r} gives features alone, and the protocol asks for {task!r}."
        if told.tasks and task not in told.tasks:
            return (
                f"Model {self.name!r} can't do the task {task!r}; it does {', '.join(told.tasks)}."
            )
        size = self.input_size
        if size is not None and any(a not in {None, s} for a, s in zip(asked, size, strict=True)):
            return (
                f"Model {self.name!r} takes {size[0]}x{size[1]} only, and the protocol asks for "
                f"{asked[0] or size[0]}x{asked[1] or size[1]}. Leave height and width out."
            )
        return ""

    @field_validator("classes", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return listed(value)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "seeded" and self.seed is None:
            raise ValueError(f"model {self.name!r} has source 'seeded' and no seed")
        if (self.loader == "onnx") != (self.onnx is not None):
            raise ValueError(f"model {self.name!r}: the table [onnx] goes with loader = 'onnx'")
        return self
