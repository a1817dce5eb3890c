"""Times of a model's parts in ONNX Runtime: its own profiler, node by node."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from bench import registry
from bench.exporters.notes import read_note
from bench.jobs.measure import WorkJob
from bench.measure.kernels import recorded
from bench.measure.session import load_case
from bench.measure.work.components import WARMUP, in_turns
from bench.models.nodes import part_of, plain
from bench.models.parts import OTHER
from bench.record.work import ComponentMeasurement

CALLS = 8
REST_S = 0.02
UNNAMED = "unnamed"
"""Nodes that the runtime made itself, mostly by fusing across borders, so that their part is unknown."""
MOST_UNNAMED = 0.5


def measure(job: WorkJob) -> ComponentMeasurement:
    """Nanoseconds of each part in each call, profiled and plain sessions in turns."""
    if not registry.load("device", job.case.target.device).on_cores:
        return ComponentMeasurement(
            absent="on a GPU ONNX Runtime's profiler times the launch of a node, not its work"
        )
    folder = job.folder
    if folder is None:
        return ComponentMeasurement(absent="there is no ONNX file")
    import onnx

    note = read_note(folder)
    named = names(onnx.load(folder / note.model, load_external_data=False).graph)
    if not named:
        return ComponentMeasurement(absent="the file doesn't tell which part a node belongs to")
    loaded, _ = load_case(job, job.case.variant)
    x = loaded.session.copy_in(loaded.load(0)[1].repeat(job.case.protocol.batch_size, axis=0))
    file = folder / note.model
    with recorded(file, job.threads, "CPUExecutionProvider") as (session, events):
        profiled = _rested(lambda: session.run(list(note.outputs), {note.input: x}))
        bare = _rested(lambda: loaded.session.forward(x))
        for call in (profiled, bare) * WARMUP:
            call()
        whole, plain = in_turns(profiled, bare, CALLS)
    return summed(events, named, whole, plain)


def names(graph: Any) -> dict[str, str]:
    """Name of a node, or of what it computes, -> part, of all nodes whose part is known."""
    found = {}
    for node in graph.node:
        part = part_of(node)
        if part is not None:
            found.update(dict.fromkeys((node.name, *node.output), part))
    return found


def summed(
    events: list[dict[str, Any]],
    named: dict[str, str],
    whole: Sequence[int],
    plain: Sequence[int],
) -> ComponentMeasurement:
    """Measurement from the profiler's events of the last calls; `other` is what a call took beyond its nodes."""
    runs = sorted((e["ts"], e["ts"] + e["dur"]) for e in events if e["name"] == "model_run")
    runs = runs[-len(whole) :]
    calls: list[dict[str, int]] = [{} for _ in runs]
    for e in events:
        if e.get("cat") != "Node" or not e["name"].endswith("_kernel_time"):
            continue
        at = next((i for i, (a, b) in enumerate(runs) if a <= e["ts"] <= b), None)
        if at is not None:
            part = _part(e["name"], named)
            calls[at][part] = calls[at].get(part, 0) + 1000 * e["dur"]  # microseconds
    for call, took in zip(calls, whole, strict=True):
        rest = took - sum(call.values())
        call[OTHER] = call.get(OTHER, 0) + max(rest, 0)
    unnamed = sum(c.get(UNNAMED, 0) for c in calls) / max(sum(whole), 1)
    if unnamed > MOST_UNNAMED:
        return ComponentMeasurement(
            absent=f"{unnamed:.0%} of the time went to nodes that ONNX Runtime's optimizer made "
            "and that no part can be named for"
        )
    parts = dict.fromkeys(p for call in calls for p in call)
    return ComponentMeasurement(
        parts_ns={p: tuple(call.get(p, 0) for call in calls) for p in parts},
        whole_ns=tuple(whole),
        plain_ns=tuple(plain),
        how="profiler",
    )


def _part(name: str, named: dict[str, str]) -> str:
    """Part of an event: the optimizer's suffixes are taken off until the name is known."""
    return named.get(plain(name, named) or "", UNNAMED)


def _rested(call: Callable[[], Any]) -> Callable[[], int]:
    """The call, telling its nanoseconds, after a pause in which the threads of the other session fall asleep."""

    def timed() -> int:
        time.sleep(REST_S)
        start = time.perf_counter_ns()
        call()
        return time.perf_counter_ns() - start

    return timed
