"""Calls an artifact again, with another image, batch and shape, and holds it against the model itself."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench import registry
from bench.backends.base import OpenJob
from bench.jobs.base import Say
from bench.jobs.measure import ChecksJob, ChecksReport
from bench.measure.beside import TheModel, compared, images_of, provided
from bench.measure.session import LoadedCase, load_case
from bench.record.checks import Check, ChecksMeasurement
from bench.transforms.base import Outputs

LONGEST = 300
"""Characters of a runtime's words that are kept."""
NO_TORCH = "the model is an ONNX file, so that there is no module to compare with"
Input = NDArray[np.float32]


@dataclass
class _Call:
    name: str
    asked: str
    x: Input
    found: Outputs | None = None
    refused: str = ""
    absent: str = ""


def run(job: ChecksJob, say: Say) -> ChecksReport:
    """What became of each check."""
    say("checks", 0, 2)
    loaded, _ = load_case(job, job.case.variant)
    first, calls = _calls(loaded)
    answer = _answer(loaded, first)
    for call in calls:
        _tried(call, lambda x: _answer(loaded, x))
    calls.append(_elsewhere(loaded, job, calls[1].x))
    loaded.session.close()
    say("checks", 1, 2)
    model = TheModel(job) if provided(job) else None
    # What a session leaves in an array that its next call writes again can't be compared later.
    checks = [_judged(call, answer, model) for call in calls]
    return ChecksReport(checks=ChecksMeasurement(checks=tuple(checks)))


def _calls(loaded: LoadedCase) -> tuple[Input, list[_Call]]:
    """The first input, and those of the checks on the same device."""
    case, size = loaded.case, loaded.size
    batch = max(1, case.protocol.batch_size)
    image, a = loaded.load(0)
    other, b = loaded.load(1) if loaded.count > 1 else (image, a[..., ::-1])
    a, b = a[:1], b[:1]  # one window where an image has several
    a, b = a[:1], b[:1]  # of several passes the first
    larger = case.model.padded(size[0] + 1, size[1] + 1)
    c = loaded.preprocess(other, case.model.pixels, larger)
    fed = np.repeat(a, batch, axis=0), np.repeat(b, batch, axis=0)
    both = np.concatenate((a, b)) if batch == 1 else b
    asked = {
        "second call": fed[0],
        "second image": fed[1],
        "second batch": both,
        "second shape": np.repeat(c, batch, axis=0),
    }
    calls = [
        _Call(n, " x ".join(map(str, x.shape)), np.ascontiguousarray(x, np.float32))
        for n, x in asked.items()
    ]
    return calls[0].x, calls


def _answer(loaded: LoadedCase, x: Input) -> dict[str, NDArray[Any]]:
    return {name: array.copy() for name, array in loaded.infer(x)[0].items()}


def _tried(call: _Call, answer: Callable[[Input], Outputs]) -> None:
    try:
        call.found = answer(call.x)
    except Exception as e:  # noqa: BLE001 - what a runtime raises is of many trees
        call.refused = (" ".join(str(e).split()) or type(e).__name__)[:LONGEST]


def _elsewhere(loaded: LoadedCase, job: ChecksJob, x: Input) -> _Call:
    """The second image on another device that the backend runs on, where there is one."""
    variant = job.case.variant
    backend = registry.load("backend", variant.backend)()
    devices = [registry.load("device", n)() for n in registry.entries("device")]
    there = [
        d
        for d in devices
        if d.name != loaded.device.name
        and not d.available()
        and not backend.supports(variant.precision, d)
    ]
    if not there:
        return _Call("other device", "", x, absent="the backend runs on no other device here")
    device = there[0]
    opening = OpenJob(
        model=job.case.model,
        variant=variant,
        device=device,
        threads=job.threads,
        artifact=job.folder,
        size=job.size,
        batch_size=max(1, job.case.protocol.batch_size),
        allow_code=job.allow_code,
    )

    def answer(x: Input) -> Outputs:
        session = backend.open(opening)
        try:
            return _answer(replace(loaded, session=session, device=device), x)
        finally:
            session.close()

    call = _Call("other device", device.name, x)
    _tried(call, answer)
    return call


def _judged(call: _Call, first: Outputs, model: TheModel | None) -> Check:
    """A call beside the model's answer; the second call beside the first one's."""
    known = {"name": call.name, "asked": call.asked}
    if call.absent:
        return Check(outcome="absent", message=call.absent, **known)
    if call.found is None:
        return Check(outcome="refused", message=call.refused, **known)
    found = images_of(call.found)
    if call.name == "second call":
        want = images_of(first)
    elif model is None:
        return Check(outcome="ran", message=NO_TORCH, repeats_first=_same(call, first), **known)
    else:
        try:
            want = [images_of(model.answer(call.x[i : i + 1]))[0] for i in range(len(call.x))]
        except Exception as e:  # noqa: BLE001 - the model's own words on a shape that it doesn't take
            return Check(
                outcome="absent", message=f"the model itself refuses it: {e}"[:LONGEST], **known
            )
    outputs, equal, total, missing = compared(found, want)
    repeats = call.name == "second image" and _same(call, first) and not _alike(outputs)
    return Check(
        outcome="ran",
        outputs=outputs,
        equal=equal,
        total=total,
        missing=missing,
        repeats_first=repeats,
        **known,
    )


def _same(call: _Call, first: Outputs) -> bool:
    """Whether a call gives what the first one gave, to the bit."""
    found = call.found or {}
    return all(np.array_equal(found[name], array) for name, array in first.items())


def _alike(outputs: dict[str, Any]) -> bool:
    return all(sum(sums.squared_error) == 0 for sums in outputs.values())
