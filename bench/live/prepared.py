"""A case made ready for live sessions: weights, data set and artifact, found or made now.

Run as a program by another revision's Python, it reads a case from standard input and writes its job
to standard output. That revision's own exporters and models make the artifact, because they may be
what changed.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from bench.errors import SegbenchError
from bench.execute import boot, probe
from bench.jobs.measure import PairJob
from bench.plan.export import prepare
from bench.plan.setting import Setting
from bench.suite.base import fault
from bench.suite.case import Case

Tell = Callable[[str], None]
"""What takes a line for the user."""


class Told:
    """Listener that tells each step in a line."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def step(self, case: Case, what: str) -> None:
        """A step of a case begins."""
        self._tell(f"{case.id}: {what}")

    def progress(self, phase: str, done: int, total: int) -> None:
        """A step goes on."""


def ready(case: Case, cache: Path, tell: Tell, *, allow_code: bool = False) -> PairJob:
    """Job of one side, on this machine.

    Raises:
        CodeRefused, Unsupported, CaseFailed: as `bench.plan.export.prepare`.
    """
    setting = Setting(run=Path(), cache=cache, allow_code=allow_code)
    graph, made = prepare(case, setting, Told(tell))
    return graph.session(PairJob, made, cache=str(cache))


def print_line(line: str) -> None:
    """Print a line for the user."""
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Exit status: 0 when the answer holds a job or an expected error."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    asked = json.loads(sys.stdin.read())
    said: dict[str, object] = {"boot": str(Path(boot.__file__).resolve())}
    try:
        case = Case.model_validate(asked["case"])
        job = ready(case, Path(asked["cache"]), print_line, allow_code=bool(asked["allow_code"]))
        said |= {"job": job.model_dump(mode="json"), "code": probe.code_digest()}
    except ValidationError as e:
        said["error"] = f"it can't read the case: {fault(e)}"
    except SegbenchError as e:
        said["error"] = str(e)
    os.write(answer, json.dumps(said).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
