"""Compares the stages of a session with those of the model itself, from the input to the class map."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import CaseFailed
from bench.jobs.base import Say
from bench.jobs.measure import StagesJob, StagesReport
from bench.measure.beside import TheModel, compared, images_of
from bench.measure.session import LoadedCase, load_case
from bench.record.checks import Stage, StagesMeasurement
from bench.transforms.base import Outputs

IMAGES = 2
"""Images that are compared: a stage that diverges does so on any."""
PREFIX = "stage."
"""Of the outputs of stages (`bench.models.stages`)."""


def run(job: StagesJob, say: Say) -> StagesReport:
    """Each stage beside the model's, over the first images."""
    loaded, _ = load_case(job, job.case.variant)
    count = min(IMAGES, loaded.count)
    inputs = [np.ascontiguousarray(loaded.load(i)[1][:1], np.float32) for i in range(count)]
    names = tuple(loaded.images.names[:count])
    found = []
    for i, x in enumerate(inputs):
        say("stages", i, 2 * count)
        found.append({"input": loaded.session.fed(x), **_answer(loaded, x)})
    loaded.session.close()
    model, want = TheModel(job), []
    for i, x in enumerate(inputs):
        say("stages", count + i, 2 * count)
        want.append({"input": x, **model.answer(x, staged=True)})
    outputs, equal, total, _ = compared(map(_mapped, found), map(_mapped, want))
    return StagesReport(
        stages=StagesMeasurement(
            images=names,
            stages=tuple(
                Stage(name=n.removeprefix(PREFIX), sums=outputs[n])
                for n in _order(want[0], outputs)
            ),
            equal=equal,
            total=total,
        )
    )


def _answer(loaded: LoadedCase, x: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """Outputs of the session, those of its stages among them."""
    batch = max(1, loaded.case.protocol.batch_size)
    fed = np.repeat(x, batch, axis=0)
    if loaded.job is None or loaded.job.artifact is not None:
        found = loaded.infer(fed)[0]
    else:
        if loaded.session.module is None:
            raise CaseFailed(
                f"{loaded.case.variant.backend} shows no stages: it runs the model as a whole."
            )
        from bench.models.stages import tapped

        with tapped(loaded.session.module, loaded.session.copy_in(x)) as seen:
            found = loaded.infer(fed)[0]
        found |= {PREFIX + name: t.float().cpu().numpy() for name, t in seen.items()}
    return {name: array[:1].copy() for name, array in found.items()}


def _mapped(outputs: Outputs) -> dict[str, NDArray[Any]]:
    """The outputs of one image with their combined map."""
    return images_of(outputs)[0]


def _order(outputs: Outputs, known: Any) -> list[str]:
    """The input, the stages, the model's own outputs and the map."""
    stages = [n for n in outputs if n.startswith(PREFIX)]
    own = [n for n in outputs if n not in {"input", *stages}]
    return [n for n in ("input", *stages, *own, "map") if n in known]
