"""From reports of workers to results: ok, wrong, failed, skipped."""

from collections.abc import Mapping
from typing import Any, cast

from bench.execute.base import Outcome
from bench.jobs.measure import CaseReport
from bench.jobs.prepare import DatasetReport
from bench.metrics.catalog.parity import agreement
from bench.metrics.checked import beyond, ruined
from bench.plan.graph import Prepared
from bench.record.base import now
from bench.record.environment import Environment
from bench.record.parity import ParityMeasurement
from bench.record.result import DatasetRecord, Failure, Process, Result
from bench.record.timing import Launch, TimingMeasurement
from bench.suite.case import Case
from bench.suite.matching import Matching, matching
from bench.suite.protocol import Protocol, accuracy_fingerprint
from bench.tasks.base import task_of

_RESTS = {"bf16": "bf16", "f16": "fp16"}
"""OpenVINO's `precision_hint` -> precision of what isn't quantized."""
_INPUTS = {"fp16": "float16", "bf16": "bfloat16"}


def broken(
    case: Case, failure: Failure, environment: Environment | None = None, *, skipped: bool = False
) -> Result:
    """Row of a case that failed, or that turned out to be impossible here."""
    where = "" if failure.step == "case" else f"{_STEPS[failure.step]} failed: "
    return Result(
        case=case,
        fingerprint=case.fingerprint,
        status="skipped" if skipped else "failed",
        reason=failure.message if skipped else f"{where}{failure.message}",
        failure=None if skipped else failure,
        environment=environment,
        started=now(),
    )


def dropped(made: Prepared, found: Launch, environment: Environment, reason: str) -> Result:
    """Row of a case that was timed in a round of successive halving, and doesn't go on."""
    used = _used(made)
    timing = TimingMeasurement(
        scenario=used.scenario, batch_size=used.batch_size, launches=(found,)
    )
    return Result(
        case=made.case,
        fingerprint=made.case.fingerprint,
        status="skipped",
        reason=reason,
        environment=environment,
        timing_fingerprint=used.timing_fingerprint(environment.threads),
        measurements=(timing,),
        started=now(),
    )


def _used(made: Prepared) -> Protocol:
    """The protocol with the size and batch that were used, which the asked one may leave open."""
    size = {"height": made.size[0], "width": made.size[1]}
    return made.ran.protocol.model_copy(update=size)


_STEPS = {
    "weights": "finding the weights",
    "dataset": "preparing the data set",
    "artifact": "making the artifact",
    "reference": "computing the reference",
    "fits": "seeking the largest batch",
}


def measured(made: Prepared, outcome: Outcome, environment: Environment) -> Result:
    """Row of a case whose worker reported: ok, or wrong beyond the suite's parity limit."""
    report = cast("CaseReport", outcome.report)
    case, artifact, data, wall_s = made.case, made.record, made.data, outcome.wall_s
    match = Matching((), (), ()) if case.model.unjudged else matching(case)
    if not artifact.files:
        artifact = artifact.model_copy(update=report.weights)
    known = sum(report.times.values()) + outcome.startup_s
    used = _used(made)
    draft = Result(
        case=case,
        fingerprint=case.fingerprint,
        status="ok",
        environment=environment,
        artifact=artifact,
        dataset=DatasetRecord(
            digest=data.digest, images=data.images, set_aside=data.set_aside
        ),
        accuracy_fingerprint=accuracy_fingerprint(
            used, data.digest, case.dataset.class_map,
            case.dataset.ignore_index, report.seen, case.dataset.classes, match.fields(),
        ),
        timing_fingerprint=used.timing_fingerprint(environment.threads),
        measurements=report.measurements,
        process=Process(
            startup_s=outcome.startup_s,
            other_s=max(0.0, wall_s - known),
            wall_s=wall_s,
            **report.times,
        ),
        effective=report.effective,
        mismatches=mismatches(case, report.effective, environment.threads),
        started=now(),
        notes=(*_notes(report, data), *filter(None, (match.note(),))),
    )  # fmt: skip
    reason = void_only(case, draft.get(task_of(case).kind)) or wrong(case, draft.get("parity"))
    return draft.model_copy(update={"status": "wrong", "reason": reason}) if reason else draft


def void_only(case: Case, counts: Any) -> str:
    """Empty, or that no pixel of the whole set was predicted as a class."""
    if case.model.unjudged or counts is None or not counts.classified or any(counts.classified):
        return ""
    return (
        f"every pixel of {len(counts.images)} images was predicted as void: the outputs aren't numbers, "
        "or only classes that the data set lacks were predicted"
    )


def wrong(case: Case, parity: ParityMeasurement | None) -> str:
    """Empty, or how far beyond the suite's limit the outputs lie from the reference's."""
    if parity is None or parity.absent:
        return ""
    name, sums = case.reference.slug, parity.outputs.get("map")
    return ruined(parity.outputs.values()) or beyond(case, agreement(parity), sums, name)


def mismatches(
    case: Case, effective: Mapping[str, str], threads: int | None = None
) -> tuple[str, ...]:
    """Sentences on settings that the runtime changed; settings that it doesn't report are left out.

    Effective are `Session.effective`: precision, input, threads, streams, provider, device; `threads`
    is what the runtime was given.
    """
    asked = case.variant.precision
    device = case.target.device
    out = []
    ran = {word.strip() for word in effective.get("precision", "").split(",")} - {""}
    # Beside the asked precision only that of the rest is no surprise: casts and reductions stay there.
    rest = _RESTS.get(str(case.variant.options.get("precision_hint")), "fp32")
    if ran and (asked not in ran or ran - {asked, "fp32", rest}):
        out.append(f"Asked for {asked}; its products ran in {' and '.join(sorted(ran))}.")
    fed = effective.get("input", "")
    if fed and fed not in {"float32", _INPUTS.get(asked, "float32")}:
        out.append(f"Asked for {asked}; its input is {fed}.")
    used = effective.get("threads", "")
    if threads is not None and used and used != str(threads):
        many = "thread" if threads == 1 else "threads"
        out.append(f"Asked for {threads} {many}; the runtime uses {used}.")
    streams = effective.get("streams", "")
    if streams and streams != "1":
        out.append(f"Asked for 1 stream; the runtime uses {streams}.")
    for key in ("device", "provider"):
        where = effective.get(key, "")
        if where and device not in where.lower():
            out.append(f"Asked for the device {device}; the runtime names the {key} {where}.")
    return tuple(out)


def _notes(report: CaseReport, data: DatasetReport) -> tuple[str, ...]:
    out = []
    if data.set_aside:
        out.append(
            f"Images set aside to calibrate quantizers: {len(data.set_aside)}; the accuracy of every "
            f"variant is that of the other {data.images}."
        )
    if report.seen < report.asked:
        out.append(
            f"The accuracy pass ended at its time limit after {report.seen} of {report.asked} images."
        )
    return tuple(out)
