"""Blocks of a card: typed, with finished text, independent of how they are rendered."""

from dataclasses import dataclass
from functools import cached_property


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
Text = str | tuple[Part, ...]


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: Text
    tone: str = ""
    """`lead` for the card's first words."""


@dataclass(frozen=True)
class Note:
    """A paragraph set apart from the others."""

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
    note: str = ""
    """What the table says below itself of this cell."""
    heat: float | None = None
    """0..1: how strongly the cell is tinted."""
    swatch: str = ""
    """Colour, `#rrggbb`, shown before the text."""
    span: int = 1
    """Columns that it covers."""


@dataclass(frozen=True)
class Table:
    """A table with a caption, and below it its cells' notes."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Text, ...] = ()
    """Sentences below it, such as the fingerprints."""

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Notes of its cells, each once, in order; numbered from 1."""
        return tuple(dict.fromkeys(c.note for row in self.rows for c in row if c.note))

    def mark(self, cell: Cell) -> str:
        """Number of a cell's note; empty where it has none."""
        return str(self.notes.index(cell.note) + 1) if cell.note else ""


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
    blocks: tuple[Block, ...] = ()
