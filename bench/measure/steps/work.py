"""Counts a model's work at the case's size, and times the parts of the case's variant."""

import functools
from pathlib import Path

from bench import cachedir, registry
from bench.jobs.base import Say
from bench.jobs.measure import WorkJob, WorkReport
from bench.record.work import ComponentMeasurement, WorkMeasurement
from bench.registry import installed
from bench.resources import code_of
from bench.suite.base import digest


def run(job: WorkJob, say: Say) -> WorkReport:
    """The work of a call, and the times of its parts."""
    say("work", 0, 2)
    work = _work(job)
    say("work", 1, 2)
    return WorkReport(work=work, components=_components(job))


def _work(job: WorkJob) -> WorkMeasurement:
    """Counted once a model and size: it depends neither on the variant nor on the machine."""
    case = job.case
    if not case.weights_digest:
        return _count(job)
    key = digest({
        "weights": case.weights_digest,
        "size": job.size,
        "batch": case.protocol.batch_size,
        "code": code_of(("measure/work", "models")),
        "versions": [installed(v) for v in ("torch", "transformers", "onnx")],
    })
    folder = Path(job.cache) / "work" / key[:24]
    made = cachedir.make(folder, lambda _: _count(job).model_dump(mode="json"))
    return WorkMeasurement.model_validate(made)


def _count(job: WorkJob) -> WorkMeasurement:
    model, batch, size = job.case.model, job.case.protocol.batch_size, job.size
    loader = registry.load("model", model.loader)()
    if loader.provides_torch:
        from bench.measure.work.counter import count

        build = functools.partial(loader.build, model, allow_code=job.allow_code)
        return count(build, batch, size, model.pixels.bands)
    from bench.measure.work import graph

    return graph.count(Path(model.location).expanduser(), batch, size, model.pixels.bands)


def _components(job: WorkJob) -> ComponentMeasurement:
    """Times of the parts, or why this runtime doesn't tell them."""
    backend = job.case.variant.backend
    how = registry.load("backend", backend).parts
    if how == "profiler":
        from bench.measure.work import profiled

        return profiled.measure(job)
    if how is None:
        reason = f"{backend} runs the model as a whole: its parts have no borders there"
        return ComponentMeasurement(absent=reason)
    from bench.measure.session import load_case
    from bench.measure.work import components

    loaded, _ = load_case(job, job.case.variant)
    _, x = loaded.load(0)
    fed = loaded.session.copy_in(x.repeat(job.case.protocol.batch_size, axis=0))
    return components.measure(
        lambda: loaded.session.forward(fed), loaded.session.module, loaded.device.synchronize
    )
