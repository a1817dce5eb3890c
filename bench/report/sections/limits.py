"""How the numbers were measured, and their limits."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.catalog import info
from bench.metrics.format import finite, listing, plural, points
from bench.report.blocks import Block, Heading, Items, KeyValues, Section, Strong, Text
from bench.report.sections.common import marked_up, said, titled
from bench.report.view import View
from bench.suite.protocol import LARGEST, Protocol
from bench.tasks.base import counted

BUSY = 0.5
"""Load a core from which on another program is likely to have had its share."""


def section(view: View) -> Section:
    """Section `limits`."""
    rules = map(marked_up, said("limits")["rules"])
    blocks: list[Block] = [Heading("How to read the numbers"), Items((*_headlines(view), *rules))]
    settings = _settings(view)
    if settings:
        blocks.append(KeyValues("Settings", settings))
    blocks += [Heading("Limits of the numbers"), Items(tuple(_limits(view)))]
    named = (*_models(view), *_places(view))
    if named:
        blocks += [Heading("Models, targets, data"), Items(named)]
    return titled("limits", blocks)


def _headlines(view: View) -> tuple[Text, ...]:
    """What the accuracy of each task is."""
    found = {r.names.label: info(r.names.headline).definition for r in view.rows}
    how = said("limits")["interval"]
    return tuple((Strong(label), f": {told} {how}") for label, told in found.items())


def _settings(view: View) -> tuple[tuple[str, str], ...]:
    """What the protocols of the measured cases say, each value once."""
    protocols = [r.result.case.protocol for r in view.measured]
    fields = {
        "Scenario": [p.scenario.replace("_", " ") for p in protocols],
        "Batch size": [_batch(r) for r in view.measured],
        "Input": [f"{p.height} x {p.width}" if p.height else "as the image" for p in protocols],
        "Preprocessing": [p.preprocess for p in protocols],
        "Post-processing": [p.postprocess for p in protocols],
        "Warm-up calls": [str(p.warmup) for p in protocols],
        "Timed calls": [_timed(p) for p in protocols],
        "Launches": [str(p.launches) for p in protocols],
        "Reference": [r.result.case.reference.slug for r in view.measured],
        "Calibration": [_calibration(r) for r in view.measured],
    }
    pairs = [(k, listing(list(dict.fromkeys(v for v in vs if v)))) for k, vs in fields.items()]
    return tuple((k, v) for k, v in pairs if v)


def _batch(row: Row) -> str:
    """Batch size; where it was sought, what was found."""
    timing, asked = row.result.get("timing"), row.result.case.protocol.batch_size
    if asked != LARGEST:
        return str(asked)
    return f"{timing.batch_size} (the largest that fits)" if timing else "the largest that fits"


def _timed(protocol: Protocol) -> str:
    """The stopping rule in words: how many timed calls, and until when."""
    fewest, width = protocol.iterations, protocol.median_width
    if width is None or protocol.max_iterations <= fewest:
        return str(fewest)
    known = f"until the median is known to {100 * width:g} %"
    return f"at least {fewest}, {known} (at most {protocol.max_iterations})"


def _calibration(row: Row) -> str:
    used = row.result.case.variant.calibration
    return f"{row.names.variant}: {plural(used.images, 'image')} of {used.split}" if used else ""


def _limits(view: View) -> Iterator[str]:
    """Sentences that follow from this record, then those that hold for every card."""
    fixed, rows = said("limits"), view.measured
    yield from _intervals(view)
    yield from _cut_short(view)
    yield from _disturbed(view)
    seeded = sorted({r.names.model for r in view.rows if not r.result.case.model.trained})
    if seeded:
        yield fixed["seeded"].format(models=listing(seeded))
    backbones = sorted({r.names.model for r in view.rows if r.result.case.model.features})
    if backbones:
        yield fixed["features"].format(models=listing(backbones))
    if any(r.result.case.dataset.loader == "scenes" for r in rows):
        yield fixed["drawn"].format(accuracy=view.accuracy)
    if {r.result.case.protocol.scenario for r in rows} == {"single_stream"}:
        yield fixed["single"]
    yield from fixed["always"]
    for label in dict.fromkeys(r.names.label for r in view.rows):
        yield fixed["alike"].format(label=label)


def _intervals(view: View) -> Iterator[str]:
    """How wide the widest interval of the ok rows is."""
    widths = []
    for row in view.measured:
        metric = row.metric("headline")
        low, high = (finite(metric.low), finite(metric.high)) if metric else (None, None)
        if low is not None and high is not None and row.status == "ok":
            widths.append(high - low)
    if widths:
        half = points(max(widths) / 2)
        yield said("limits")["known"].format(accuracy=view.accuracy, half=half)


def _cut_short(view: View) -> Iterator[str]:
    """Where a time limit ended the accuracy pass, or the timing."""
    loose = 0
    for row in view.measured:
        has, timing = counted(row.result), row.result.get("timing")
        if has is not None and len(has.images) < has.asked:
            seen = f"{len(has.images)} of {plural(has.asked, 'image')}"
            yield f"{row.id}: the time limit ended the accuracy pass after {seen}."
        late = [x for x in timing.launches if x.stopped == "time limit"] if timing else []
        fewest = min((len(x.end_to_end_ns) for x in late), default=0)
        if late and fewest < row.result.case.protocol.iterations:
            calls = plural(fewest, "call")
            yield f"{row.id}: the time limit ended timing after {calls} of a process."
        loose += any(x.width for x in late)
    if loose:
        yield said("limits")["loose"].format(rows=plural(loose, "row"))


def _disturbed(view: View) -> Iterator[str]:
    """Signs that the machine was not alone with us, or that code was not as committed."""
    every = [r.result.environment for r in view.measured if r.result.environment]
    loads = [e.load_average / e.machine.cores for e in every if e.load_average is not None]
    if loads and max(loads) > BUSY:
        yield said("limits")["busy"].format(load=f"{max(loads):.1f}")
    if any(e.git_dirty for e in every):
        yield said("limits")["dirty"]


def _models(view: View) -> Iterator[Text]:
    models = {r.result.case.model.name: r.result.case.model for r in view.rows}
    for model in models.values():
        where = {"package": "shipped with segbench", "seeded": f"seed {model.seed}"}
        origin = where.get(model.source, f"{model.source}: {model.location}")
        licence = f", licence {model.licence}" if model.licence else ""
        yield Strong(model.name), f", {origin}{licence}."


def _places(view: View) -> Iterator[Text]:
    """What the suite says about its targets and data sets."""
    cases = [r.result.case for r in view.rows]
    told = {c.target.name: c.target.about for c in cases} | {
        c.dataset.name: c.dataset.about for c in cases
    }
    return ((Strong(name), f": {about}") for name, about in told.items() if about)
