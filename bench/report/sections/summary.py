"""First words of the card: what was measured, and what to do about it."""

from __future__ import annotations

from bench.metrics.base import Row
from bench.metrics.format import (
    count,
    listing,
    milliseconds,
    plural,
    points,
    size,
)
from bench.metrics.pareto import ACCURACY, SPEED, better
from bench.report.blocks import Block, Items, Note, Prose, Section, Stat, Stats, Text
from bench.report.recommend import EVEN, advise, candidates, number, pick, speedup
from bench.report.view import View
from bench.tasks.base import counted


def section(view: View) -> Section:
    """Section `summary`."""
    blocks: list[Block] = []
    if view.run.info.about:
        blocks.append(Prose((view.run.info.about,)))
    blocks.append(Prose((_measured(view),), tone="lead"))
    if view.unseen:
        blocks.append(Prose((_part(view),)))
    told: list[Text] = [(sentence,) for sentence in advise(view.measured_groups)]
    if told:
        blocks.append(Note(told[0], tone="advice"))
        if told[1:]:
            blocks.append(Items(tuple(told[1:])))
    stats = _stats(view)
    if stats:
        blocks.append(Stats(stats))
    problem = _problems(view)
    if problem:
        blocks.append(Note(problem, tone="warning"))
    return Section("summary", "In short", tuple(blocks))


def _measured(view: View) -> str:
    """What was measured, in plain words."""
    rows = view.measured
    if not rows:
        return "Nothing was measured: every case failed, was skipped or is still pending."
    models = list(dict.fromkeys(r.result.case.model.name for r in rows))
    variants = len({r.result.case.variant.slug for r in rows})
    targets = list(dict.fromkeys(r.result.case.target.name for r in rows))
    words = [
        f"{listing(models)} in {plural(variants, 'deployable variant')} on {listing(targets)}.",
    ]
    for name, images in _datasets(rows).items():
        words.append(f"Accuracy was counted over {plural(images, 'image')} of {name}.")
    words += _seen(view)
    words.append(
        "Accuracy, parity and latency of each variant come from the same loaded model, "
        "in a process of its own."
    )
    return " ".join(words)


def _datasets(rows: tuple[Row, ...]) -> dict[str, int]:
    """Data set and split -> most images that a case of it counted."""
    found: dict[str, int] = {}
    for row in rows:
        has = counted(row.result)
        spec = row.result.case.dataset
        if has is not None:
            name = f"{spec.name} ({spec.split})"
            found[name] = max(found.get(name, 0), len(has.images))
    return found


def _seen(view: View) -> list[str]:
    """The smallest drop of accuracy that the images could show, in the variant that is hardest to judge."""
    found: list[tuple[float, int, str]] = []
    for row in (r for g in view.measured_groups for r in g.measured if r.status == "ok"):
        smallest, has = number(row, f"{ACCURACY}_detectable"), counted(row.result)
        if smallest is not None and has is not None:
            found.append((smallest, len(has.images), row.names.label))
    if not found:
        return []
    largest, images, label = max(found)
    least = min(found)[0]
    said = f"With these {plural(images, 'image')} a drop of {label} under {points(largest)} points"
    if points(least) == points(largest):
        return [f"{said} would not be seen for certain."]
    return [
        (
            f"{said} would not be seen for certain in the variant that scatters most, one under "
            f"{points(least)} in the one that scatters least."
        )
    ]


def _stats(view: View) -> tuple[Stat, ...]:
    """Figures of the first group: most accurate, fastest, smallest, and what to take."""
    group = next((g for g in view.measured_groups if candidates(g.rows)), None)
    if group is None:
        return ()
    rows = candidates(group.rows)
    # A lead that the images can't show is none: then the reference stands for all its equals.
    leading = [r for r in rows if not any(better(o, r, ACCURACY) > 0 for o in rows)]
    accurate = min(
        leading or rows, key=lambda r: (not r.result.case.is_reference, r.value(SPEED) or 0.0)
    )
    quick = min(rows, key=lambda r: (r.value(SPEED) or 0.0, r.id))
    stats = [
        Stat(
            "Most accurate",
            f"{points(number(accurate, ACCURACY) or 0)} {accurate.names.label}",
            group.label(accurate),
        ),
        Stat("Fastest", f"{milliseconds(number(quick, SPEED) or 0)} ms", group.label(quick)),
    ]
    sized = [r for r in rows if number(r, "file_bytes") is not None]
    if sized:
        small = min(
            sized,
            key=lambda r: (r.value("file_bytes") or 0.0, not r.result.case.is_reference, r.id),
        )
        shown = size(number(small, "file_bytes") or 0)
        stats.append(Stat("Smallest file", shown, group.label(small)))
    best = pick(group)
    gain = speedup(best, group.reference) if best else ""
    if best and gain and gain != EVEN and group.reference:
        against = f"{group.label(best)} against {group.label(group.reference)}"
        stats.append(Stat("Speed-up at equal accuracy", gain, against))
    return tuple(stats)


def _part(view: View) -> str:
    """That the card shows a part of the run."""
    every = plural(len(view.rows) + view.unseen, "case")
    return (
        f"This card shows {count(len(view.rows))} of {every}: the first tables. "
        "segbench show DIR --csv FILE writes all."
    )


def _problems(view: View) -> Text:
    """Cases without a good number, counted."""
    counts = {s: view.count(s) for s in ("wrong", "failed", "skipped")}
    words = [f"{n} {s}" for s, n in counts.items() if n]
    if view.pending:
        words.append(f"{len(view.pending)} not yet measured")
    if not words:
        return ()
    total = len(view.rows) + view.unseen + len(view.pending)
    wrong = [
        f"{r.names.variant} of {r.result.case.model.name}" for r in view.rows if r.status == "wrong"
    ]
    tail = (
        f" Do not deploy {listing(wrong)}: no error says so, but the answers are no longer the model's."
        if wrong
        else ""
    )
    return (f"Of {plural(total, 'case')}: {listing(words)}. Reasons stand below.{tail}",)
