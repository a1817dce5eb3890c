"""Pictures: input, ground truth, prediction, disagreement."""

from bench.errors import RecordError
from bench.metrics.base import Row
from bench.metrics.format import percent, plural, points_short
from bench.record.gallery import DIFFERS as DIFFERING
from bench.record.gallery import UNLABELLED, Panel
from bench.report.blocks import Block, Gallery, Heading, Note, Picture, Prose, Section
from bench.report.palette import AGREES, DIFFERS, VOID, Colour, colours, css
from bench.report.pictures import check_jpeg, painted, read_labels
from bench.report.recommend import number
from bench.report.sections.common import said, titled
from bench.report.view import Group, View
from bench.segments import VOID as VOID_INDEX

MARKS: list[Colour] = [AGREES, DIFFERS, *[VOID] * 254]


def section(view: View) -> Section | None:
    """Section `gallery`; None where no variant kept pictures."""
    shown: dict[tuple[str, str, str], tuple[Group, list[Row]]] = {}
    for group in view.measured_groups:
        case = group.case
        rows = [r for r in group.measured if (g := r.result.get("gallery")) and g.panels]
        if rows:
            # The same model sees the same on every target.
            key = (case.model.name, case.dataset.name, case.axis)
            shown.setdefault(key, (group, rows))
    if not shown:
        return None
    blocks = [b for group, rows in shown.values() for b in _group(view, group, rows)]
    pictures = [p for b in blocks if isinstance(b, Gallery) for _, row in b.rows for p in row]
    told = said("gallery")["colours"]
    if any(p.label == "disagreement" for p in pictures):
        told = f"{told} {said('gallery')['disagreement']}"
    return titled("gallery", [Prose(told), *blocks])


def _group(view: View, group: Group, rows: list[Row]) -> list[Block]:
    """Every image in the reference variant, then the first image in every other variant."""
    first, *others = sorted(rows, key=lambda r: not r.result.case.is_reference)
    names = group.case.dataset.classes
    blocks: list[Block] = [Heading(f"{group.case.model.name} on {group.case.dataset.name}")]
    try:
        lines = [
            (f"{i}. {panel.image}", _four(view, panel, names))
            for i, panel in enumerate(first.result.get("gallery").panels, 1)
        ]
        legend = tuple((n, css(c)) for n, c in zip(names, colours(names), strict=True))
        caption = f"{plural(len(lines), 'image')}, {first.names.variant}"
        blocks.append(Gallery(caption, tuple(lines), legend))
        same = [(r.names.variant, _two(view, r, names)) for r in others]
        if same:
            blocks.append(Gallery("The first image in every other variant", tuple(same)))
    except RecordError as e:
        blocks.append(Note(f"The pictures can't be shown: {e.message}", tone="warning"))
    return blocks


def _four(view: View, panel: Panel, names: tuple[str, ...]) -> tuple[Picture, ...]:
    photo = view.run.media(panel.input)
    check_jpeg(photo)
    truth = painted(view.run.media(panel.truth), _table(names))
    return (
        Picture("input", f"photograph {panel.image}", photo, "image/jpeg"),
        Picture("ground truth", f"labels of {panel.image}", truth, "image/png"),
        *_pair(view, panel, names),
    )


def _two(view: View, row: Row, names: tuple[str, ...]) -> tuple[Picture, ...]:
    panel, found = row.result.get("gallery").panels[0], number(row, "headline")
    known = f"{row.names.label} {points_short(found)} over all images" if found is not None else ""
    return _pair(view, panel, names, known, "wrong" if row.status == "wrong" else "")


def _pair(
    view: View, panel: Panel, names: tuple[str, ...], detail: str = "", badge: str = ""
) -> tuple[Picture, ...]:
    """Prediction, and disagreement where the record has it."""
    found = view.run.media(panel.prediction)
    truth, prediction = read_labels(view.run.media(panel.truth)), read_labels(found)
    if truth.shape != prediction.shape:
        raise RecordError(f"Truth and prediction of {panel.image!r} differ in size.")
    labelled = truth != VOID_INDEX
    differs = labelled & (truth != prediction)
    marks = view.run.media(panel.disagreement) if panel.disagreement else b""
    if marks:
        marked = read_labels(marks)
        labelled, differs = marked != UNLABELLED, marked == DIFFERING
    share = float(differs.sum() / labelled.sum()) if labelled.any() else 0.0
    wrong = f"{percent(share)} of labelled pixels"
    if not marks:
        detail = "; ".join(d for d in (detail, f"{wrong} differ") if d)
    alt, shown = f"prediction for {panel.image}", painted(found, _table(names))
    first = Picture("prediction", alt, shown, "image/png", detail, badge)
    if not marks:
        return (first,)
    alt = f"pixels of {panel.image} that differ from the ground truth"
    return first, Picture("disagreement", alt, painted(marks, MARKS), "image/png", wrong)


def _table(names: tuple[str, ...]) -> list[Colour]:
    """256 colours: the classes', then void."""
    return [*colours(names), *[VOID] * (256 - len(names))]
