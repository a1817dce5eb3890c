"""MLPerf's single stream: one query at a time, the next when the last is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.measure.scenarios.base import back_to_back

if TYPE_CHECKING:
    from bench.measure.scenarios.base import Loop
    from bench.suite.protocol import Protocol


def run(loop: Loop, protocol: Protocol) -> None:  # noqa: ARG001 - what every scenario takes
    """Nothing beside the loop's own samples: latency."""
    back_to_back(loop)
