"""MLPerf's offline: all images are there from the start; how many a second is what counts.

The batch is the protocol's, or the largest that fits (`bench.plan.search`), found before the session
was opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.measure.scenarios.base import back_to_back

if TYPE_CHECKING:
    from bench.measure.scenarios.base import Loop
    from bench.suite.protocol import Protocol


def run(loop: Loop, protocol: Protocol) -> None:  # noqa: ARG001 - what every scenario takes
    """Nothing beside the loop's own samples: images a second are batch size over their mean."""
    back_to_back(loop)
