"""What every scenario runs on: a loop that keeps each sample and knows when to end."""

from collections.abc import Callable, Sequence

from bench.measure.call import Call, Clock
from bench.measure.readings import Poller
from bench.measure.stopping import Rule
from bench.record.timing import Stream
from bench.suite.protocol import Protocol


class Loop:
    """Calls of one process. Readings and the stopping rule work between them, outside of the time."""

    def __init__(
        self,
        call: Call,
        rule: Rule,
        clock: Clock,
        poller: Poller | None = None,
        launch: int = 0,
    ) -> None:
        self._call = call
        self._poller = poller
        self._began = clock()
        self.clock = clock
        self.rule = rule
        self.launch = launch
        """Which of the case's processes this is, 0 first."""
        self.rows: list[tuple[int, ...]] = []
        """What `Call` returns, of every call."""
        self.whole_ns: list[int] = []
        """End to end, of every call."""

    def call(self, position: int) -> tuple[int, int]:
        """Start and end of one call, which is kept."""
        row = self._call(position)
        self.rows.append(row)
        self.whole_ns.append(row[1] - row[0])
        return row[0], row[1]

    def poll(self) -> None:
        """Read what the machine does, where readings are wanted."""
        if self._poller is not None:
            self._poller.read()

    def over(self, samples_ns: Sequence[int], *, look: bool = True) -> bool:
        """Whether the stopping rule ends the timing; without `look` only its limits count."""
        return self.rule.over(samples_ns, self.clock() - self._began, look=look)

    def until(self, count: int) -> float | None:
        """When the time limit ends the timing with so many samples, on its clock; None = it can't."""
        return self._began + self.rule.limit_ns if self.rule.may_end(count) else None


Scenario = Callable[[Loop, Protocol], "Stream | None"]
"""Runs a loop until its rule ends it; arrivals where the load came at its own pace."""
