"""What a card is made of: typed blocks of finished text, before anybody renders them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Code:
    """Words of a program, set apart inline."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Emphasised words."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead to a file beside the card, or to a place on it."""

    text: str
    href: str


Part = str | Code | Strong | Link
Text = tuple[Part, ...]


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: Text
    tone: str = ""
    """`lead` for the card's first words."""


@dataclass(frozen=True)
class Note:
    """A paragraph that must not be missed."""

    text: Text
    tone: str = "info"
    """info, advice or warning."""


@dataclass(frozen=True)
class Items:
    """A list of sentences."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Stat:
    """One figure to remember."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True)
class Stats:
    """Figures side by side."""

    stats: tuple[Stat, ...]


@dataclass(frozen=True)
class Column:
    """A column's head."""

    title: str
    unit: str = ""
    numeric: bool = True
    vertical: bool = False
    """Whether a narrow page may turn the head upright."""


@dataclass(frozen=True)
class Cell:
    """One cell; the first one of a row is its head."""

    text: str
    detail: str = ""
    """Second line, smaller: an interval, a name."""
    href: str = ""
    badge: str = ""
    """wrong, failed, skipped, pending, reference, best."""
    mark: str = ""
    """Number of the table's note that this cell refers to."""
    heat: float | None = None
    """0..1: how strongly the cell is tinted."""
    swatch: str = ""
    """Colour, `#rrggbb`, shown before the text."""
    span: int = 1
    """Columns that it covers."""


@dataclass(frozen=True)
class Table:
    """A table with a caption and notes."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    """Numbered from 1; cells refer to them by `mark`."""
    foot: tuple[Text, ...] = ()
    """Sentences below it, such as the fingerprints."""


@dataclass(frozen=True)
class Figure:
    """A drawing: `svg` is the inner markup, our own and escaped already."""

    name: str
    title: str
    """Short name of what is shown; the accessible name of the drawing."""
    alt: str
    """What there is to see, in words."""
    caption: str
    svg: str
    width: int
    height: int


@dataclass(frozen=True)
class Picture:
    """A raster picture, embedded."""

    label: str
    alt: str
    content: bytes
    mime: str
    detail: str = ""
    badge: str = ""


@dataclass(frozen=True)
class Gallery:
    """Rows of pictures, each with a title."""

    caption: str
    rows: tuple[tuple[str, tuple[Picture, ...]], ...]
    legend: tuple[tuple[str, str], ...] = ()
    """Name and colour of what the pictures show."""


@dataclass(frozen=True)
class KeyValues:
    """Named facts."""

    caption: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Output:
    """Lines that a program wrote, as they are."""

    caption: str
    text: str


@dataclass(frozen=True)
class Heading:
    """A title within a section."""

    text: str


Block = (
    Prose | Note | Items | Stats | Table | Figure | Gallery | KeyValues | Output | Heading
)  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A titled part of the card."""

    name: str
    """Anchor: letters and hyphens."""
    title: str
    blocks: tuple[Block, ...] = field(default_factory=tuple)


class Notes:
    """Numbered notes of a table, each said once."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def mark(self, text: str) -> str:
        """Number of a note, as text; empty for an empty note."""
        if not text:
            return ""
        return str(self._said.setdefault(text, len(self._said) + 1))

    @property
    def texts(self) -> tuple[str, ...]:
        """All notes, in order."""
        return tuple(self._said)
