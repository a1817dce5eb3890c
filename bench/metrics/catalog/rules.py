"""What another processing rule changes: a case beside the first of its variant in the run."""

from bench.metrics.base import Metric, Source
from bench.metrics.catalog.accuracy import NO_CLASS, number, seen, unavailable
from bench.metrics.catalog.base import absent, alike
from bench.metrics.catalog.further import ratios_of
from bench.metrics.intervals import Differences, align
from bench.metrics.paired import paired
from bench.record.result import Result
from bench.suite.case import Case
from bench.tasks.base import task_of

NAMES = ("rule_difference", "edge_rule_difference")
FIRST = "it is the first of its variant in the run"


def metrics(source: Source) -> dict[str, Metric]:
    """Paired differences, fractions, of the headline and of the mIoU near the image's edge."""
    result = source.result
    case, task, run = result.case, task_of(result.case), source.run
    same = alike(run, question).get((case.variant.slug, question(case)), [result])
    first = run.whole(same[0])
    if first.case.id == case.id:
        return absent(NAMES, FIRST)
    if first.case.protocol.accuracy_fields() == case.protocol.accuracy_fields():
        return absent(NAMES, "it has the rules of the first of its variant in the run")
    if reason := unavailable(result) or unavailable(first):
        return absent(NAMES, reason)
    mine, other = ((run.folder, r.get(task.kind)) for r in (result, first))
    found = paired(task, mine, other)
    if found is None:
        return absent(NAMES, "no image or class in common with the first of its variant in the run")
    note = f"minus {first.case.axis or 'the first'}; {seen(result)}".removesuffix("; ")
    whole = number(found.headline.mean, NO_CLASS, note)
    return {NAMES[0]: whole, NAMES[1]: _near_the_edge(source, first, note)}


def _near_the_edge(source: Source, first: Result, note: str) -> Metric:
    one, other = (r.get("edge") for r in (source.result, first))
    if one is None or other is None:
        return Metric(None, reason="not asked for: protocol.edge = true")
    at, of = align(one.images, other.images)
    groups = tuple(one.groups[i] for i in at) if one.groups else ()
    a, b = (ratios_of(source, found) for found in (one, other))
    return number(Differences(a.at(at), b.at(of), groups).mean, NO_CLASS, note)


def question(case: Case) -> tuple[object, ...]:
    """What cases share that differ in variant and rules only."""
    protocol, data = case.protocol, case.dataset
    return (
        case.model.name, case.weights_digest, case.target.name, data.name, case.dataset_digest,
        data.split, protocol.task, protocol.corruption, protocol.seed,
    )  # fmt: skip
