"""How the numbers came about, and what they can't tell."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.catalog import info
from bench.metrics.format import finite, listing, plural, points
from bench.report.blocks import Block, Code, Heading, Items, KeyValues, Section, Strong, Text
from bench.report.view import View
from bench.suite.protocol import LARGEST, Protocol
from bench.tasks.base import counted

BUSY = 0.5
"""Load a core from which on another program is likely to have had its share."""
RULES: tuple[Text, ...] = (
    (
        Strong("Difference"),
        (
            ": that of accuracy to the reference's on the same images, with a 95 % interval from a paired, "
            "studentized bootstrap over images (or cities), which is much narrower than the difference "
            "of two intervals. The smallest drop that could be seen is the one whose interval leaves "
            "out zero in 80 % of such sets of images."
        ),
    ),
    (
        Strong("Latency"),
        (
            ": from the bytes of an image's file to its map of labels. Each process gives its median; "
            "the figure is their geometric mean, and its interval is over processes, never over "
            "pooled calls. Every sample is in the record, none was dropped, and warm-up calls are kept "
            "apart."
        ),
    ),
    (
        Strong("Agreement"),
        ": share of pixels with the reference's label. ",
        Strong("SQNR"),
        ": signal to noise of the combined class map, the reference being the signal.",
    ),
    (
        Strong("Accuracy fingerprint"),
        (
            ": digest of the data set, split, class map, input size, scales, corruption, pre- and "
            "post-processing, ignore index and number of images. "
        ),
        Strong("Timing fingerprint"),
        ": of the scenario, rate, batch, input size, threads, warm-up, stopping rule and launches.",
    ),
)


def section(view: View) -> Section:
    """Section `limits`."""
    blocks: list[Block] = [Heading("How to read the numbers"), Items((*_headlines(view), *RULES))]
    settings = _settings(view)
    if settings:
        blocks.append(KeyValues("Settings", settings))
    blocks += [Heading("What they can't tell"), Items(tuple((t,) for t in _limits(view)))]
    named = (*_models(view), *_places(view))
    if named:
        blocks += [Heading("Models, targets, data"), Items(named)]
    return Section("limits", "Method and limits", tuple(blocks))


def _headlines(view: View) -> tuple[Text, ...]:
    """What the accuracy of each task is."""
    found = {r.names.label: info(r.names.headline).definition for r in view.rows}
    jackknife = (
        " Its 95 % interval is a jackknife with Student's t: one image is left out at a time, or one "
        "city where there are at least ten."
    )
    return tuple((Strong(label), f": {told}{jackknife}") for label, told in found.items())


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
    if used is None:
        return ""
    return f"{row.result.case.variant.slug}: {plural(used.images, 'image')} of {used.split}"


def _limits(view: View) -> list[str]:
    """Sentences that follow from this record, then those that hold for every card."""
    said = [
        *_intervals(view),
        *_cut_short(view),
        *_disturbed(view),
    ]
    seeded = sorted({
        r.result.case.model.name for r in view.rows if not r.result.case.model.trained
    })
    if seeded:
        said.append(
            f"{listing(seeded)}: weights are seeded, not trained. Time, memory, size and parity "
            "are those of the architecture; there is no accuracy."
        )
    synthetic = {r.result.case.dataset.loader for r in view.measured} & {"scenes"}
    if synthetic:
        said.append(
            f"scenes are drawn, not photographed: {view.accuracy} on them ranks variants of a model against "
            "each other and says nothing about streets."
        )
    if {r.result.case.protocol.scenario for r in view.measured} == {"single_stream"}:
        said.append(
            "Latency is that of one call at a time; latency under load is another question."
        )
    return [
        *said,
        "One machine, one stretch of time: latency elsewhere differs, and between days here too.",
        "An interval covers the choice of images, not that of weights, seeds or machines.",
        *(
            f"{label} weighs every class alike; it says nothing about which mistakes matter on the road."
            for label in dict.fromkeys(r.names.label for r in view.rows)
        ),
    ]


def _intervals(view: View) -> list[str]:
    widths = []
    for row in view.measured:
        metric = row.metric("headline")
        low, high = (finite(metric.low), finite(metric.high)) if metric else (None, None)
        if low is not None and high is not None and row.status == "ok":
            widths.append(high - low)
    if not widths:
        return []
    return [
        (
            f"With these images, {view.accuracy} is known to about {points(max(widths) / 2)} points either way; "
            "judge variants by the paired difference instead."
        )
    ]


def _cut_short(view: View) -> list[str]:
    said, loose = [], 0
    for row in view.measured:
        has, timing = counted(row.result), row.result.get("timing")
        if has is not None and len(has.images) < has.asked:
            seen = f"{len(has.images)} of {plural(has.asked, 'image')}"
            said.append(f"{row.id}: the time limit ended the accuracy pass after {seen}.")
        late = [x for x in timing.launches if x.stopped == "time limit"] if timing else []
        fewest = min((len(x.end_to_end_ns) for x in late), default=0)
        if late and fewest < row.result.case.protocol.iterations:
            calls = plural(fewest, "call")
            said.append(f"{row.id}: the time limit ended timing after {calls} of a process.")
        loose += any(x.width for x in late)
    if loose:
        said.append(
            f"In {plural(loose, 'row')} the time limit came before a process's median was known as "
            "narrowly as was asked."
        )
    return said


def _disturbed(view: View) -> list[str]:
    """Signs that the machine was not alone with us, or that code was not as committed."""
    every = [r.result.environment for r in view.measured if r.result.environment]
    said = []
    loads = [e.load_average / e.machine.cores for e in every if e.load_average is not None]
    if loads and max(loads) > BUSY:
        said.append(
            f"The machine was busy: a load of up to {max(loads):.1f} a core when cases began "
            "(segbench's own last case included). Latencies may be too high."
        )
    if any(e.git_dirty for e in every):
        said.append("The checkout had uncommitted changes: its commit doesn't tell all.")
    return said


def _models(view: View) -> tuple[Text, ...]:
    models = {r.result.case.model.name: r.result.case.model for r in view.rows}
    said: list[Text] = []
    for model in models.values():
        where = {"package": "shipped with segbench", "seeded": f"seed {model.seed}"}
        origin = where.get(model.source, f"{model.source}: {model.location}")
        parts: list[str | Code | Strong] = [Strong(model.name), f", {origin}"]
        if model.licence:
            parts.append(f", licence {model.licence}")
        said.append((*parts, "."))
    return tuple(said)


def _places(view: View) -> tuple[Text, ...]:
    """What the suite says about its targets and data sets."""
    cases = [r.result.case for r in view.rows]
    told = {c.target.name: c.target.about for c in cases} | {
        c.dataset.name: c.dataset.about for c in cases
    }
    return tuple((Strong(name), f": {about}") for name, about in told.items() if about)
