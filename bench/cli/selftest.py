"""`segbench selftest`: what the live gate can tell on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.options import AllowCode, Json, Suite

if TYPE_CHECKING:
    from bench.record.calibration import Calibration


def selftest(
    suite: Suite = "quickstart",
    only: Annotated[
        str,
        typer.Option("--only", "--case", metavar="GLOB", help="The case whose session is timed."),
    ] = "segformer-micro/onnx-onnxruntime-fp32/cpu/*",
    pairs: Annotated[
        int,
        typer.Option(min=4, metavar="N", help="Pairs of equal code; at least two looks of a gate."),
    ] = 40,
    allow_code: AllowCode = False,
    json: Json = False,
) -> None:
    """Measure equal code against itself: the gate's false alarms, and what it can show here."""
    from bench import resources
    from bench.errors import BadInput
    from bench.live import calibrated
    from bench.live import selftest as live
    from bench.live.prepared import print_line, ready
    from bench.plan import select
    from bench.suite.load import load_suite
    from bench.suite.protocol import LARGEST

    read = load_suite(suite)
    cases, policy = select.select(read.expand(), only), read.gate
    if len(cases) != 1:
        raise BadInput(
            f"--only {only!r} matches {len(cases)} cases; a self-test times one.",
            f"Name one of them: --only {cases[0].id}",
        )
    if cases[0].protocol.batch_size == LARGEST:
        raise BadInput(
            f"{cases[0].id} seeks its batch size, and a self-test runs two processes at once.",
            "Name a case with a number as its batch_size.",
        )
    if pairs < 2 * policy.pairs:
        raise BadInput(
            f"{pairs} pairs are too few: a gate of this suite takes two looks at {policy.pairs}.",
            f"Measure at least: --pairs {2 * policy.pairs}",
        )
    job = ready(cases[0], resources.cache_dir(), print_line, allow_code=allow_code)
    made = live.run(job, pairs, print_line, policy=policy)
    if json:
        print(made.model_dump_json(indent=1, by_alias=True))
        return
    _print(made)
    print(
        f"Kept in {calibrated.path(made.machine)}; run and gate --live copy it into their folder."
    )


def _print(made: Calibration) -> None:
    from bench.suite.policy import GatePolicy

    alarms, policy = made.false_alarms, GatePolicy().live_ratio or 1.0
    print(f"{made.pairs} pairs of equal code, {made.case}")
    print(
        f"  false alarms      {100 * alarms.hits / alarms.of:.1f} % of gates of {made.gate_pairs} "
        f"pairs; 95 % interval {100 * alarms.low:.1f} to {100 * alarms.high:.0f} %\n"
        "                    (on the pairs that set the threshold: at most 1 % by construction)"
    )
    whose = "this machine's" if made.threshold > policy else "the policy's"
    print(
        f"  threshold         {max(made.threshold, policy):.3f} ({whose}; this machine asks for "
        f"{made.threshold:.3f})"
    )
    print(f"  smallest slow-down that 95 % of gates show: {100 * (made.smallest - 1):.1f} %")
    if made.in_process is not None:
        print(f"  isolated session over one in process: {made.in_process:.3f}")
