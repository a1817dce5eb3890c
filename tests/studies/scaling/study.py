"""Where a run on several nodes stops scaling, from the measured cost of each kind of step.

    python -m tests.studies.scaling.study [--small] [--out FOLDER]

Measures on a Ray cluster of two nodes of one thread each on this machine, computes larger ones
(`model.py`), and writes scaling.md and scaling.svg. `nox -s scaling` calls this; wants an idle machine.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench import __version__, resources
from bench.devices import machine
from tests.ray.nodes import Nodes
from tests.studies.scaling import costs, draw
from tests.studies.scaling.model import Costs, speedup, useful

RUNS = ((10, 500), (100, 500), (1, 5000), (10, 5000))
"""Cases and images of the runs that are drawn."""
NODES = tuple(2**k for k in range(9))
MEANING = {
    "prepare": "a node before its first case",
    "prepare_image": "more for each image (data set)",
    "load": "start of the processes of a case or shard: its own and its reference's",
    "image": "accuracy of one image and its reference, one thread",
    "timing": "warm-up and timed calls of a case",
    "submit": "parent, for each job",
    "network": "a job beyond its work on the node",
    "merge": "parent, to join a case's shards",
    "merge_image": "more for each image",
}


def main(words: list[str] | None = None) -> None:
    """Measure, compute, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="few images, to try it")
    parser.add_argument("--out", type=Path, help="folder (default reports/examples)")
    asked = parser.parse_args(words)
    default = Path("runs/scaling") if asked.small else resources.reports_dir() / "examples"
    out = asked.out or default
    few, many = (8, 16) if asked.small else (16, 128)
    with tempfile.TemporaryDirectory() as home:
        nodes = Nodes(Path(home))
        try:
            for name in ("left", "right"):
                nodes.add(name)
            found = costs.measured(nodes.address, Path(home), few, many)
        finally:
            nodes.cluster.shutdown()
    out.mkdir(parents=True, exist_ok=True)
    (out / "scaling.svg").write_text(draw.curves(lines(found)))
    (out / "scaling.md").write_text(markdown(found, (few, many)))
    print(f"Wrote {out / 'scaling.md'} and {out / 'scaling.svg'}.")


def lines(found: Costs) -> dict[str, list[tuple[int, float]]]:
    """Name of a run -> (nodes, speed-up), whole cases and in shards."""
    return {
        f"{cases} x {images}{', shards' if sharded else ''}": [
            (n, speedup(found, cases=cases, images=images, nodes=n, sharded=sharded)) for n in NODES
        ]
        for cases, images in RUNS
        for sharded in (False, True)
        if cases == 1 or not sharded or images > 500
    }


def markdown(found: Costs, images: tuple[int, int]) -> str:
    """The whole file."""
    here = machine.describe()
    rows = [f"| {MEANING[k]} | {1000 * v:.4g} |" for k, v in asdict(found).items()]
    table = []
    for cases, count in RUNS:
        asked = [useful(found, cases=cases, images=count, sharded=s) for s in (False, True)]
        table.append(f"| {cases} | {count} | {asked[0]} | {asked[1]} |")
    return f"""\
# Where a run on several nodes stops scaling

Made {datetime.now(UTC):%Y-%m-%d} by `nox -s scaling` with segbench {__version__} on {here.processor},
{here.cores} cores, load average {os.getloadavg()[0]:.1f}. Don't edit: it is written again.

The costs below were measured with `{costs.CASE}` on a Ray cluster of two nodes on this machine, on runs of
{images[0]} and {images[1]} images in {costs.SHARDS} shards. The curves are computed from them: nodes are alike, a
node does one thing at a time and prepares for itself, and only the parent's work is serial.

![Speed-up over the number of nodes](scaling.svg)

A name says cases x images. Whole cases scale until each node has one. Shards scale further where one
case has many images, until starting a process costs as much as its images; preparing, which every
node repeats, bounds both.

Most nodes at which each still does half of what one does alone:

| cases | images | whole cases | in shards |
| ---: | ---: | ---: | ---: |
{chr(10).join(table)}

| cost | ms |
| --- | ---: |
{chr(10).join(rows)}
"""


if __name__ == "__main__":
    main()
