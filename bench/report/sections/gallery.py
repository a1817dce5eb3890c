"""What the model sees and says: input, ground truth, prediction, disagreement."""

from __future__ import annotations

from bench.errors import RecordError
from bench.metrics.base import Row
from bench.metrics.format import percent, plural, points_short
from bench.record.gallery import DIFFERS as DIFFERING
from bench.record.gallery import UNLABELLED, Panel
from bench.report.blocks import Block, Gallery, Heading, Note, Picture, Prose, Section
from bench.report.palette import AGREES, DIFFERS, VOID, Colour, colours, css
from bench.report.pictures import check_jpeg, painted, read_labels
from bench.report.recommend import number
from bench.report.view import Group, View
from bench.segments import VOID as VOID_INDEX

MARKS: list[Colour] = [AGREES, DIFFERS, *[VOID] * 254]


def section(view: View) -> Section | None:
    """Section `gallery`; None where no variant kept pictures."""
    shown: set[tuple[str, str, str]] = set()
    blocks: list[Block] = []
    for group in view.measured_groups:
        case = group.case
        key = (case.model.name, case.dataset.name, case.axis)
        # The same model sees the same on every target.
        if key in shown or not _with_pictures(group):
            continue
        shown.add(key)
        blocks += _group(view, group)
    if not blocks:
        return None
    pictures = [p for b in blocks if isinstance(b, Gallery) for _, row in b.rows for p in row]
    told = "Colours are the classes'."
    if any(p.label == "disagreement" for p in pictures):
        told += (
            " In the last picture of a row, red pixels differ from a labelled ground truth, grey "
            "ones agree, black ones have no label."
        )
    return Section("gallery", "What it sees and says", (Prose((told,)), *blocks))


def _with_pictures(group: Group) -> list[Row]:
    found = [r for r in group.measured if (g := r.result.get("gallery")) and g.panels]
    return sorted(found, key=lambda r: not r.result.case.is_reference)


def _group(view: View, group: Group) -> list[Block]:
    """Every image in the reference variant, then the first image in every other variant."""
    rows = _with_pictures(group)
    first, others = rows[0], rows[1:]
    names = group.case.dataset.classes
    blocks: list[Block] = [Heading(f"{group.case.model.name} on {group.case.dataset.name}")]
    try:
        lines = [
            (f"{i + 1}. {panel.image}", _four(view, panel, names))
            for i, panel in enumerate(first.result.get("gallery").panels)
        ]
        legend = tuple((n, css(c)) for n, c in zip(names, colours(names), strict=True))
        images = plural(len(lines), "image")
        blocks.append(Gallery(f"{images}, {group.label(first)}", tuple(lines), legend))
        same = [(group.label(r), _two(view, group, r)) for r in others]
        if same:
            blocks.append(Gallery("The first image in every other variant", tuple(same)))
    except RecordError as e:
        blocks.append(Note((f"The pictures can't be shown: {e.message}",), tone="warning"))
    return blocks


def _four(view: View, panel: Panel, names: tuple[str, ...]) -> tuple[Picture, ...]:
    photo = view.run.media(panel.input)
    check_jpeg(photo)
    truth, paint = view.run.media(panel.truth), _table(names)
    return (
        Picture("input", f"photograph {panel.image}", photo, "image/jpeg"),
        Picture("ground truth", f"labels of {panel.image}", painted(truth, paint), "image/png"),
        *_pair(view, panel, names),
    )


def _two(view: View, group: Group, row: Row) -> tuple[Picture, ...]:
    panel = row.result.get("gallery").panels[0]
    found = number(row, "headline")
    known = f"{row.names.label} {points_short(found)} over all images" if found is not None else ""
    badge = "wrong" if row.status == "wrong" else ""
    return _pair(view, panel, group.case.dataset.classes, known, badge)


def _pair(
    view: View, panel: Panel, names: tuple[str, ...], detail: str = "", badge: str = ""
) -> tuple[Picture, ...]:
    """Prediction, and disagreement where the record has it."""
    said = view.run.media(panel.prediction)
    truth, prediction = read_labels(view.run.media(panel.truth)), read_labels(said)
    if truth.shape != prediction.shape:
        raise RecordError(f"Truth and prediction of {panel.image!r} differ in size.")
    labelled = truth != VOID_INDEX
    differs = labelled & (truth != prediction)
    marks = view.run.media(panel.disagreement) if panel.disagreement else b""
    if marks:
        found = read_labels(marks)
        labelled, differs = found != UNLABELLED, found == DIFFERING
    share = float(differs.sum() / labelled.sum()) if labelled.any() else 0.0
    wrong = f"{percent(share)} of labelled pixels"
    if not marks:
        detail = "; ".join(d for d in (detail, f"{wrong} differ") if d)
    alt, shown = f"prediction for {panel.image}", painted(said, _table(names))
    first = Picture("prediction", alt, shown, "image/png", detail, badge)
    if not marks:
        return (first,)
    alt = f"pixels of {panel.image} that differ from the ground truth"
    return first, Picture("disagreement", alt, painted(marks, MARKS), "image/png", wrong)


def _table(names: tuple[str, ...]) -> list[Colour]:
    """256 colours: the classes', then void."""
    known = list(colours(names))
    return known + [VOID] * (256 - len(known))
