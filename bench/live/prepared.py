"""Run by another revision's Python: a case on standard input, its job on standard output.

That revision's own exporters and models make the artifact, because they may be what changed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from bench.errors import SegbenchError
from bench.execute import boot, probe
from bench.live.session import ready
from bench.suite.case import Case


def main() -> int:
    """Exit status: 0 when the answer holds a job or an expected error."""
    answer = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no answer
    asked = json.loads(sys.stdin.read())
    said: dict[str, object] = {"boot": str(Path(boot.__file__).resolve())}
    try:
        case = Case.model_validate(asked["case"])
        job = ready(case, Path(asked["cache"]), _tell, allow_code=bool(asked["allow_code"]))
        said |= {"job": job.model_dump(mode="json"), "code": probe.code_digest()}
    except ValidationError as e:
        first = e.errors()[0]
        said["error"] = (
            f"it can't read the case: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        )
    except SegbenchError as e:
        said["error"] = str(e)
    os.write(answer, json.dumps(said).encode())
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
