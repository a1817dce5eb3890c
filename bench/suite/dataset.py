"""A labelled set of images."""

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from bench.registry import suggest
from bench.suite.base import Spec
from bench.suite.classes import CITYSCAPES, listed, mapped


class Dataset(Spec):
    """Where labelled images come from and what their labels mean."""

    name: str
    loader: str
    """Registered dataset loader, or a plug-in's."""
    split: str = "val"
    root: str | None = None
    """Folder; None = made in the cache (scenes) or given by --root or the environment."""
    classes: tuple[str, ...] = Field(
        default=tuple(c.name for c in CITYSCAPES), min_length=1, max_length=255
    )
    """Names of the evaluated classes, by index; in TOML also a table's name (`"ade20k"`)."""
    things: tuple[str, ...] = ()
    """Classes whose objects are counted one by one (panoptic); the others are stuff. Empty = those of
    Cityscapes' classes with instances."""
    ignore_index: int = Field(default=255, ge=0, le=255)
    """Index of unlabelled pixels in index masks; they are left out."""
    class_map: dict[str, str] = Field(default_factory=dict)
    """Model's class -> this set's class, where names differ. A model class that is neither mapped
    nor known here counts as a void prediction. In TOML also a map's name (`"ade20k"`)."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the loader, such as seed, height, width and count of `scenes`."""
    about: str = ""

    @property
    def thing_classes(self) -> tuple[str, ...]:
        """Names of the things among the classes."""
        things = self.things or tuple(c.name for c in CITYSCAPES if c.has_instances)
        return tuple(c for c in self.classes if c in things)

    def namesake(self, name: str) -> str | None:
        """This set's class for a model's class; None where it has none."""
        found = self.class_map.get(name.strip(), name.strip())
        return found if found in self.classes else None

    @field_validator("classes", "things", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return listed(value)

    @field_validator("class_map", mode="before")
    @classmethod
    def _mapped(cls, value: Any) -> Any:
        return mapped(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if doubled := [c for i, c in enumerate(self.classes) if c in self.classes[:i]]:
            raise ValueError(f"`classes` names {doubled[0]!r} twice")
        for name, to in self.class_map.items():
            if to not in self.classes:
                raise ValueError(
                    f"`class_map` leads {name!r} to {to!r}, which isn't in `classes`. "
                    f"{suggest(to, self.classes)}".strip()
                )
        return self
