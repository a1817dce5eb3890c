"""Call after call: MLPerf's `single_stream` and its `offline`, whose loops are the same.

Single stream: one query at a time, the next when the last is answered; latency counts. Offline: all
images are there from the start, and images a second count, the batch size over the samples' mean. Its
batch is the protocol's, or the largest that fits, found before the session was opened.
"""

from bench.measure.scenarios.base import Loop
from bench.suite.protocol import Protocol


def run(loop: Loop, _protocol: Protocol) -> None:
    """Nothing beside the loop's own samples."""
    while not loop.over(loop.whole_ns):
        loop.poll()
        loop.call(len(loop.rows))
