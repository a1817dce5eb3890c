"""How long a run takes on many nodes, from the measured cost of each kind of step.

A run is C cases of I images on M nodes. Each node prepares for itself (data set, artifact), because
every node has a cache of its own. Reference outputs are computed for each case or shard where it runs.
The parent does its own work for each job (to submit it, to store what it brought, to join shards) one
after the other; nothing else is serial. Nodes are alike, one case or shard runs on a node at a time, and
no job fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Costs:
    """Seconds."""

    prepare: float
    """Of a node before its first case: weights, data set, artifact; without images."""
    prepare_image: float
    """More for each image of the data set."""
    load: float
    """Of the processes of a case or a shard, and of its reference: interpreter, imports, session."""
    image: float
    """Accuracy of one image, and its reference outputs."""
    timing: float
    """Warm-up and timed calls of a case."""
    submit: float
    """Of the parent, for each job."""
    network: float
    """From the end of a job's work to the start of the next on the same node, beyond `submit`."""
    merge: float
    """Of the parent, to join the shards of a case; without images."""
    merge_image: float
    """More for each image."""


def seconds(costs: Costs, *, cases: int, images: int, nodes: int, sharded: bool) -> float:
    """Wall time of a run.

    Without shards a node takes whole cases. With shards every case's images are divided among all
    nodes, and its timing is one more job.
    """
    c = costs
    ready = c.prepare + c.prepare_image * images
    job = c.load + c.network
    if not sharded:
        rounds = math.ceil(cases / nodes)
        node = ready + rounds * (job + c.image * images + c.timing)
        parent = cases * c.submit
        return max(node, ready + parent)
    part = math.ceil(images / nodes)
    node = ready + cases * (job + c.image * part) + math.ceil(cases / nodes) * (job + c.timing)
    parent = cases * ((nodes + 1) * c.submit + c.merge + c.merge_image * images)
    return max(node, ready + parent)


def speedup(costs: Costs, *, cases: int, images: int, nodes: int, sharded: bool) -> float:
    """Wall time of one node without shards over that of the nodes."""
    one = seconds(costs, cases=cases, images=images, nodes=1, sharded=False)
    return one / seconds(costs, cases=cases, images=images, nodes=nodes, sharded=sharded)


def useful(costs: Costs, *, cases: int, images: int, sharded: bool, least: float = 0.5) -> int:
    """Most nodes at which each still does `least` of what the first one did alone."""
    most = 1
    for nodes in (2**k for k in range(1, 13)):
        if speedup(costs, cases=cases, images=images, nodes=nodes, sharded=sharded) < least * nodes:
            break
        most = nodes
    return most
