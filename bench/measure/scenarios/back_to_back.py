"""Call after call: MLPerf's `single_stream` (latency counts) and `offline` (images a second count).

Offline's batch is the protocol's, or the largest that fits, found before the session was opened.
"""

from bench.measure.scenarios.base import Loop
from bench.suite.protocol import Protocol


def run(loop: Loop, _protocol: Protocol) -> None:
    """Nothing beside the loop's own samples."""
    while not loop.over(loop.whole_ns):
        loop.poll()
        loop.call(len(loop.rows))
