"""What the runtime says that it did, compared with what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.suite.case import Case

_INPUTS = {"fp16": "float16", "bf16": "bfloat16"}


def mismatches(
    case: Case, effective: Mapping[str, str], threads: int | None = None
) -> tuple[str, ...]:
    """Sentences on settings that the runtime changed; settings that it doesn't report are left out.

    Args:
        case: What was asked.
        effective: `Session.effective`: precision, input, threads, streams, provider, device.
        threads: Threads that the runtime was given.
    """
    asked = case.variant.precision
    device = case.target.device
    out = []
    ran = _words(effective.get("precision", ""))
    # Beside the asked precision only fp32 is no surprise: casts and reductions stay there.
    if ran and (asked not in ran or ran - {asked, "fp32"}):
        out.append(f"Asked for {asked}; its products ran in {' and '.join(sorted(ran))}.")
    fed = effective.get("input", "")
    if fed and fed not in {"float32", _INPUTS.get(asked, "float32")}:
        out.append(f"Asked for {asked}; its input is {fed}.")
    used = effective.get("threads", "")
    if threads is not None and used and used != str(threads):
        out.append(f"Asked for {_count(threads, 'thread')}; the runtime uses {used}.")
    streams = effective.get("streams", "")
    if streams and streams != "1":
        out.append(f"Asked for 1 stream; the runtime uses {streams}.")
    for key in ("device", "provider"):
        where = effective.get(key, "")
        if where and device not in where.lower():
            out.append(f"Asked for the device {device}; the runtime names the {key} {where}.")
    return tuple(out)


def _words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",") if word.strip()}


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
