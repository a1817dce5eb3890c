"""The gate study as Markdown, which the documentation quotes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from tests.studies.gate.drops import BALANCED
from tests.studies.gate.rates import DRAWS
from tests.studies.gate.rules import GATE, RULES

if TYPE_CHECKING:
    from tests.studies.gate.found import Study
    from tests.studies.gate.rates import Rated

FIRST = """\
# Gate study

Made {made} by `nox -s gate-study` with segbench {version} on {processor}, {cores} cores, {gib:.0f} GiB.
Don't edit: it is written again.

Share of comparisons that were called slower, in percent, with the 95 % interval of Clopper and Pearson.
In the column *same code* every call is a false alarm. In the others a slow-down was planted (a spin of
that share of the iteration's time, inside the timed region), and calls are right. *Loaded*: another
process multiplied matrices in random spells of 0.2 to 2 s.
"""

HOW = """\
## How

- Pools of recorded process pairs: {pools}. Slow-downs were measured in turns with the same code, so that
  drift hit all alike.
- The first {calibrating} pairs of the same code in each condition set the threshold, as `segbench
  selftest` does, and aren't judged by it.
- {draws} comparisons each, drawn without replacement within a comparison. They overlap with one another,
  so the interval rests on the number of looks that share no pair (pool over the pairs of a look), and is
  wide. In simulated pools it held the true rate in 98 to 100 % of cases.
- A gate takes {pairs} pairs, and as many fresh ones where the first look suggests a regression.
- *With the idle threshold*: a machine has one calibration; this is a gate under load on a machine that
  was calibrated idle.
- Timed: `{case}`, input {height} x {width}; the measuring code has the digest {code}.
- Other tools' rules on *same pair* get both sides of pairs that took turns, which is kinder than their own
  way. On *other pairs* the baseline comes from processes of another minute of the same session, which is
  still kinder than a baseline of another day. asv and pyperf get five processes a side with every sample
  recorded. By default pyperf starts 20; asv starts two, records no samples, and compares 99 % intervals.
- Rules: {rules}.
"""


def markdown(study: Study) -> str:
    """The whole file."""
    here = study.machine
    out = [
        FIRST.format(
            made=study.made, version=study.segbench, processor=here.processor, cores=here.cores,
            gib=here.memory_bytes / 2**30,
        )
    ]  # fmt: skip
    for condition, limit in study.threshold.items():
        out += _condition(study, condition, limit)
    out += _live(study) + _drops(study)
    out.append(
        HOW.format(
            pools=_sizes(study), calibrating=study.calibrating, draws=DRAWS, pairs=study.gate_pairs,
            case=study.timed.case, height=study.timed.height,
            width=study.timed.width, code=study.timed.code,
            rules="; ".join(f"{r.name}: {r.how}" for r in RULES),
        )
    )  # fmt: skip
    return "\n".join(out)


def _condition(study: Study, condition: str, limit: float) -> list[str]:
    mine = [r for r in study.rates if r.condition == condition]
    planted = sorted({r.planted for r in mine})
    heads = ["same code" if not p else f"+{100 * p:g} %" for p in planted]
    smallest = 100 * (study.smallest[condition] - 1)
    out = [
        f"## {condition.capitalize()}",
        "",
        (
            f"Threshold {limit:.3f}; the calibration says that a slow-down of {smallest:.1f} % is shown "
            "in 95 % of gates."
        ),
        "",
        "| rule | samples | " + " | ".join(heads) + " |",
        "| --- | --- |" + " --- |" * len(planted),
    ]
    for rule, kind in dict.fromkeys((r.rule, r.samples) for r in mine):
        cells = [
            _cell(r)
            for p in planted
            for r in mine
            if (r.rule, r.samples, r.planted) == (rule, kind, p)
        ]
        name = f"**{rule}**" if rule == GATE else rule
        out.append(f"| {name} | {kind} | " + " | ".join(cells) + " |")
    return [*out, ""]


def _cell(found: Rated) -> str:
    rate = found.rate
    return f"{100 * rate.hits / rate.of:.1f} [{100 * rate.low:.0f}, {100 * rate.high:.0f}]"


def _live(study: Study) -> list[str]:
    if not study.live:
        return []
    out = ["## Wholly live gates of the same code", ""]
    for condition, kinds in study.live.items():
        said = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
        out.append(f"- {condition}: {sum(kinds.values())} gates, {said}.")
    return [*out, ""]


def _drops(study: Study) -> list[str]:
    first = study.drops[0]
    kinds = list(dict.fromkeys(k for d in study.drops for k in d.said))
    out = [
        "## Planted drops of mIoU",
        "",
        (
            f"Copies of a recorded run (`{first.case}`, {first.images} images) in which right pixels were "
            f"moved to wrong classes; the margin is {100 * first.margin:g} points. At 0 half of the images "
            f"lost about {100 * BALANCED:g} % of their right pixels and the others gained as "
            "much mIoU: calls are false alarms."
        ),
        "",
        "| drop, points | " + " | ".join(kinds) + " |",
        "| --- |" + " --- |" * len(kinds),
    ]
    out += [
        f"| {100 * d.planted:g} | " + " | ".join(str(d.said.get(k, 0)) for k in kinds) + " |"
        for d in study.drops
    ]
    return [*out, ""]


def _sizes(study: Study) -> str:
    said = []
    for pool in study.pools:
        what = "of the same code" if not pool.planted else f"of +{100 * pool.planted:g} %"
        spread = (
            100 * float(np.std(pool.log_ratios, ddof=1)) if len(pool.log_ratios) > 1 else math.nan
        )
        said.append(f"{len(pool.log_ratios)} {what} {pool.condition} (spread {spread:.1f} %)")
    return ", ".join(said)
