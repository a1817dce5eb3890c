"""First words of the card: what was measured, and what to do about it."""

from collections.abc import Iterator

from bench.metrics.base import Row
from bench.metrics.format import count, listing, milliseconds, plural, points, size
from bench.metrics.pareto import ACCURACY, SPEED, better
from bench.report.blocks import Block, Items, Note, Prose, Section, Stat, Stats
from bench.report.recommend import EVEN, advise, candidates, number, pick, speedup
from bench.report.sections.common import titled
from bench.report.view import View
from bench.tasks.base import counted


def section(view: View) -> Section:
    """Section `summary`."""
    return titled("summary", _blocks(view))


def _blocks(view: View) -> Iterator[Block]:
    if view.run.info.about:
        yield Prose(view.run.info.about)
    yield Prose(" ".join(_measured(view)), tone="lead")
    if view.unseen:
        every = plural(len(view.rows) + view.unseen, "case")
        yield Prose(
            f"This card shows {count(len(view.rows))} of {every}: the first tables. "
            "segbench show DIR --csv FILE writes all."
        )
    first, *more = advise(view.measured_groups) or ("",)
    if first:
        yield Note(first, tone="advice")
    if more:
        yield Items(tuple(more))
    stats = tuple(_stats(view))
    if stats:
        yield Stats(stats)
    problem = _problems(view)
    if problem:
        yield Note(problem, tone="warning")


def _measured(view: View) -> Iterator[str]:
    """What was measured, in plain words."""
    rows = view.measured
    if not rows:
        yield "Nothing was measured: every case failed, was skipped or is still pending."
        return
    models, targets = (
        listing(list(dict.fromkeys(names)))
        for names in ((r.names.model for r in rows), (r.names.target for r in rows))
    )
    variants = plural(len({r.names.variant for r in rows}), "deployable variant")
    yield f"{models} in {variants} on {targets}."
    for name, images in _datasets(rows).items():
        yield f"Accuracy was counted over {plural(images, 'image')} of {name}."
    yield from _seen(view)
    yield (
        "Accuracy, parity and latency of each variant come from the same loaded model, "
        "in a process of its own."
    )


def _datasets(rows: tuple[Row, ...]) -> dict[str, int]:
    """Data set and split -> most images that a case of it counted."""
    found: dict[str, int] = {}
    for row in rows:
        has = counted(row.result)
        if has is not None:
            name = f"{row.names.dataset} ({row.result.case.dataset.split})"
            found[name] = max(found.get(name, 0), len(has.images))
    return found


def _seen(view: View) -> Iterator[str]:
    """The smallest drop of accuracy that the images could show, in the variant that is hardest to judge."""
    found: list[tuple[float, int, str]] = []
    for row in (r for g in view.measured_groups for r in g.measured if r.status == "ok"):
        smallest, has = number(row, f"{ACCURACY}_detectable"), counted(row.result)
        if smallest is not None and has is not None:
            found.append((smallest, len(has.images), row.names.label))
    if not found:
        return
    largest, images, label = max(found)
    least, most = points(min(found)[0]), points(largest)
    more = ""
    if least != most:
        more = (
            f" in the variant that scatters most, one under {least} in the one that scatters least"
        )
    yield (
        f"With these {plural(images, 'image')} a drop of {label} under {most} points would not be "
        f"seen for certain{more}."
    )


def _stats(view: View) -> Iterator[Stat]:
    """Figures of the first group: most accurate, fastest, smallest, and what to take."""
    group = next((g for g in view.measured_groups if candidates(g.rows)), None)
    if group is None:
        return
    rows = candidates(group.rows)
    # A lead that the images can't show is none: then the reference stands for all its equals.
    leading = [r for r in rows if not any(better(o, r, ACCURACY) > 0 for o in rows)]
    accurate = min(
        leading or rows, key=lambda r: (not r.result.case.is_reference, r.value(SPEED) or 0.0)
    )
    quick = min(rows, key=lambda r: (r.value(SPEED) or 0.0, r.id))
    most = f"{points(number(accurate, ACCURACY) or 0)} {accurate.names.label}"
    yield Stat("Most accurate", most, accurate.names.variant)
    yield Stat("Fastest", f"{milliseconds(number(quick, SPEED) or 0)} ms", quick.names.variant)
    sized = [r for r in rows if number(r, "file_bytes") is not None]
    if sized:
        small = min(
            sized,
            key=lambda r: (r.value("file_bytes") or 0.0, not r.result.case.is_reference, r.id),
        )
        yield Stat("Smallest file", size(number(small, "file_bytes") or 0), small.names.variant)
    best, reference = pick(group), group.reference
    gain = speedup(best, reference)
    if best and reference and gain not in {"", EVEN}:
        against = f"{best.names.variant} against {reference.names.variant}"
        yield Stat("Speed-up at equal accuracy", gain, against)


def _problems(view: View) -> str:
    """Cases without a good number, counted."""
    counts = {s: view.count(s) for s in ("wrong", "failed", "skipped")}
    words = [f"{n} {s}" for s, n in counts.items() if n]
    if view.pending:
        words.append(f"{len(view.pending)} not yet measured")
    if not words:
        return ""
    total = plural(len(view.rows) + view.unseen + len(view.pending), "case")
    wrong = [f"{r.names.variant} of {r.names.model}" for r in view.rows if r.status == "wrong"]
    tail = (
        f" Do not deploy {listing(wrong)}: no error says so, but the answers are no longer the model's."
        if wrong
        else ""
    )
    return f"Of {total}: {listing(words)}. Reasons stand below.{tail}"
