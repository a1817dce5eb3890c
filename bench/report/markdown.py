"""Sections -> Markdown (GitHub's and the hub's), every word of the record escaped."""

import hashlib
import re
from collections.abc import Callable, Sequence

from bench.report import blocks as b
from bench.report.blocks import Cell, Section, Text

SPECIAL = re.compile(r"([\\`*_\[\]|~$!#])")
SCHEME = re.compile(r"(?i)\b(https?|ftp)://|\bwww\.|@")
SUFFIX = {"image/jpeg": ".jpg", "image/png": ".png"}


def render(title: str, sections: Sequence[Section], aside: str) -> str:
    """Markdown of a card; drawings and pictures are files in the folder `aside`."""
    parts = [f"# {escape(title)}"]
    for section in sections:
        parts.append(f'<a id="{section.name}"></a>\n\n## {escape(section.title)}')
        parts += [RENDER[type(block)](block, aside) for block in section.blocks]
    parts.append("Every number here is derived from the raw records that the tables link to.")
    return "\n\n".join(parts) + "\n"


def escape(words: str) -> str:
    """One line of plain text that Markdown shows as it is: no markup, no HTML, no autolink."""
    flat = " ".join(words.split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    flat = SPECIAL.sub(r"\\\1", flat)
    # A zero-width entity keeps addresses and mentions from becoming links by themselves.
    flat = SCHEME.sub(lambda m: m[0][:-1] + "&#8203;" + m[0][-1], flat)
    # A backslash keeps a line from beginning a list or underlining a heading.
    return re.sub(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))", r"\1\\", flat)


def code(words: str) -> str:
    """Inline code; its fence is longer than any run of backticks within."""
    flat = " ".join(words.split())
    longest = max((len(r) for r in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if flat.startswith("`") or flat.endswith("`") else ""
    shown = flat.replace("|", "\\|")
    return f"{fence}{gap}{shown}{gap}{fence}"


def figure_name(figure: b.Figure, aside: str) -> str:
    """Path of a drawing, relative to the card."""
    return f"{aside}/{figure.name}.svg"


def picture_name(picture: b.Picture, aside: str) -> str:
    """Path of a picture, by its content."""
    digest = hashlib.sha256(picture.content).hexdigest()[:16]
    return f"{aside}/{digest}{SUFFIX[picture.mime]}"


def _text(text: Text) -> str:
    return _part(text) if isinstance(text, str) else "".join(map(_part, text))


def _part(part: b.Part) -> str:
    if isinstance(part, b.Code):
        return code(part.text)
    if isinstance(part, b.Strong):
        return f"**{escape(part.text)}**"
    if isinstance(part, b.Link):
        return f"[{escape(part.text)}]({part.href})"
    # `escape` trims; a part's own outer spaces join it to its neighbours.
    head = " " if part[:1].isspace() else ""
    tail = " " if part[1:] and part[-1:].isspace() else ""
    return f"{head}{escape(part)}{tail}"


def _note(block: b.Note, _aside: str) -> str:
    kind = {"advice": "TIP", "warning": "WARNING"}.get(block.tone, "NOTE")
    return f"> [!{kind}]\n> {_text(block.text)}"


def _items(block: b.Items, _aside: str) -> str:
    return "\n".join(f"- {_text(t)}" for t in block.items)


def _stats(block: b.Stats, _aside: str) -> str:
    lines = ["| | | |", "| --- | ---: | --- |"]
    lines += [
        f"| {escape(s.label)} | **{escape(s.value)}** | {escape(s.detail)} |" for s in block.stats
    ]
    return "\n".join(lines)


def _table(block: b.Table, _aside: str) -> str:
    heads = [escape(c.title) + (f" ({escape(c.unit)})" if c.unit else "") for c in block.columns]
    rules = ["---:" if c.numeric else "---" for c in block.columns]
    lines = [f"**{escape(block.caption)}**", "", _row(heads), _row(rules)]
    for cells in block.rows:
        shown = [_cell(c, block.mark(c)) for c in cells]
        lines.append(_row(shown + [""] * (len(block.columns) - len(shown))))
    if block.notes:
        lines += ["", *(f"{i}. {escape(n)}" for i, n in enumerate(block.notes, 1))]
    for text in block.foot:
        lines += ["", _text(text)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, mark: str) -> str:
    words = escape(cell.text)
    if cell.href and words:
        words = f"[{words}]({cell.href})"
    badge = cell.badge if cell.badge not in {"", "mean"} else ""
    parts = [words, f"**{badge}**" if badge in {"wrong", "failed"} else badge]
    shown = " ".join(p for p in parts if p)
    if mark:
        shown += f"<sup>{mark}</sup>"
    return f"{shown}<br><sub>{escape(cell.detail)}</sub>" if cell.detail else shown


def _figure(block: b.Figure, aside: str) -> str:
    return f"![{escape(block.title)}. {escape(block.alt)}]({figure_name(block, aside)})\n\n{escape(block.caption)}"


def _gallery(block: b.Gallery, aside: str) -> str:
    lines = [f"**{escape(block.caption)}**"]
    for title, pictures in block.rows:
        labels = [_label(p) for p in pictures]
        images = [f"![{escape(p.alt)}]({picture_name(p, aside)})" for p in pictures]
        badge = "".join(f" **{p.badge}**" for p in pictures if p.badge)
        rules = _row(["---"] * len(pictures))
        lines.append("\n".join([f"{escape(title)}{badge}\n", _row(labels), rules, _row(images)]))
    return "\n\n".join(lines)


def _label(picture: b.Picture) -> str:
    label = escape(picture.label)
    return f"{label}: {escape(picture.detail)}" if picture.detail else label


def _key_values(block: b.KeyValues, _aside: str) -> str:
    lines = [f"| {escape(block.caption)} | |", "| --- | --- |"]
    lines += [f"| {escape(k)} | {escape(v)} |" for k, v in block.pairs]
    return "\n".join(lines)


def _output(block: b.Output, _aside: str) -> str:
    longest = max((len(r) for r in re.findall(r"`+", block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{escape(block.caption)}:\n\n{fence}text\n{block.text}\n{fence}"


RENDER: dict[type, Callable[..., str]] = {
    b.Prose: lambda block, _: _text(block.text),
    b.Note: _note,
    b.Items: _items,
    b.Stats: _stats,
    b.Table: _table,
    b.Figure: _figure,
    b.Gallery: _gallery,
    b.KeyValues: _key_values,
    b.Output: _output,
    b.Heading: lambda block, _: f"### {escape(block.text)}",
}
