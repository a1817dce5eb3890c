"""What a study's pools were measured with: machine, code and case; pairs of two make no pool."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from bench.devices import machine
from bench.errors import BadInput, NothingMeasured
from bench.record.base import Record
from bench.record.environment import Machine
from bench.record.store import to_json, write_atomic

if TYPE_CHECKING:
    from bench.suite.case import Case

CODE = (
    "bench/live/pair.py", "bench/measure/call.py", "bench/measure/steps/pair.py",
    "bench/metrics/pairs.py", "tests/studies/gate/load.py",
)  # fmt: skip
"""Files whose code makes a pair's samples and its number what they are."""


class Origin(Record):
    """origin.json, beside the pools."""

    code: str
    """Digest, 16 hexadecimal digits, of the files above."""
    case: str
    """Id."""
    fingerprint: str
    """Of the case as the suite and the study say it."""
    height: int | None
    """Of the input; None = that of the image."""
    width: int | None


def here(case: Case) -> Origin:
    """Origin of pairs of this case that this code would measure."""
    root, sha = Path(__file__).resolve().parents[3], hashlib.sha256()
    for name in CODE:
        sha.update(name.encode() + b"\0" + (root / name).read_bytes())
    return Origin(
        code=sha.hexdigest()[:16],
        case=case.id,
        fingerprint=case.fingerprint,
        height=case.protocol.height,
        width=case.protocol.width,
    )


def there(state: Path) -> tuple[Machine, Origin]:
    """Where the pools in `state` come from, for who only judges them.

    Raises:
        NothingMeasured: there are none.
    """
    try:
        machine_text, origin_text = (
            (state / n).read_bytes() for n in ("machine.json", "origin.json")
        )
    except OSError as e:
        raise NothingMeasured(
            f"{state} holds no pools that a study recorded ({e.strerror}).",
            "First: nox -s gate-study -- --phase idle",
        ) from None
    return Machine.model_validate_json(machine_text), Origin.model_validate_json(origin_text)


def claim(state: Path, case: Case) -> Origin:
    """Origin of the pools in `state`, noted there when the first pair is due.

    Raises:
        BadInput: the pools there are of another machine, code or case, or nobody knows of which.
    """
    other = "Name another --state."
    path, now = state / "machine.json", machine.describe()
    known = path.is_file()
    if not known:
        write_atomic(path, to_json(now))
    there = Machine.model_validate_json(path.read_bytes())
    if there.identity != now.identity:
        raise BadInput(f"{state} holds pairs of another machine ({there.identity}).", other)
    path, mine = state / "origin.json", here(case)
    if not path.is_file():
        if known and any(state.glob("*.jsonl")):
            raise BadInput(f"{state} holds pairs, but not of which code and case.", other)
        write_atomic(path, to_json(mine))
    was = Origin.model_validate_json(path.read_bytes())
    if was.code != mine.code:
        raise BadInput(f"{state} holds pairs of other code ({was.code}, now {mine.code}).", other)
    if was != mine:
        change = f"{was.case} {was.fingerprint[:8]}, now {mine.case} {mine.fingerprint[:8]}"
        raise BadInput(f"{state} holds pairs of another case or protocol ({change}).", other)
    return was
