"""Images in order through a model, with all other work beside it.

Decoding, corruption and preprocessing before the model, and labels, ground truth and counts after
it, run in processes on the cores that the model leaves free (bench.measure.cpu_workers). Until those
have started, or where none pays off, a thread prepares the next images and this process does the rest.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bench.devices import machine
from bench.measure.cpu_workers import CpuWorker, CpuWorkerDied
from bench.measure.session import EvalSetup, LoadedCase
from bench.transforms.base import Outputs

Finish = Callable[[int, NDArray[np.uint8], Outputs], Any]
"""(index, image, outputs) -> result of one image."""
Maker = Callable[[EvalSetup, str | None], Finish]

_AHEAD = 2
"""Batches that are prepared while one is computed."""
_MOST = 4
"""Most processes; each holds a few images."""
_WORTH = 16_000_000
"""Pixels of a whole pass from which processes, which take a third of a second to start, pay off:
eight images of 1024 x 2048 cost about 1.6 s of work beside the model."""


class Pipeline:
    """Batches in order, results in order; a context that leaves no process behind."""

    def __init__(
        self, loaded: LoadedCase, maker: Maker, folder: str | None, workers: int | None = None
    ) -> None:
        """Pipeline over the first `loaded.count` images, with as many processes as pay off, or `workers`.

        `maker`, a function of a module, makes the work on an image's outputs, here and in each process.
        """
        self._loaded, self._finish = loaded, maker(loaded, folder)
        self._maker, self._folder = f"{maker.__module__}:{maker.__name__}", folder
        self._wanted = useful(loaded) if workers is None else workers
        self._groups = groups(loaded)
        self.images = sum(map(len, self._groups))
        """Images that it walks over: those of its shard, where there is one."""
        self._workers: list[CpuWorker] = []
        self._pool = ThreadPoolExecutor(1)
        self._futures: dict[int, Future[Any]] = {}
        self._images: dict[int, NDArray[np.uint8]] = {}
        """Prepared here, waiting for their outputs."""
        self._owner: dict[int, CpuWorker] = {}
        self._passes: dict[int, int] = {}
        """Passes of the model that an image takes."""
        self._given: list[int] = []
        self._results: dict[int, Any] = {}

    def __enter__(self) -> Self:
        job = self._loaded.job if self._wanted else None
        if job is not None:
            batch = min(self._loaded.case.protocol.batch_size, self._loaded.count)
            slots = 2 + -(-batch * (_AHEAD + 1) // self._wanted)
            for _ in range(self._wanted):
                self._workers.append(CpuWorker(job, self._maker, self._folder, slots))
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def batches(self) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Indices and input of every batch; the last one is filled up with its own last image."""
        size, groups = self._loaded.case.protocol.batch_size, self._groups
        for group in groups[:_AHEAD]:
            self._ask(group)
        for i, group in enumerate(groups):
            inputs = [self._input(index) for index in group]
            self._passes |= dict(zip(group, map(len, inputs), strict=True))
            inputs += [inputs[-1]] * (size - len(inputs))
            if i + _AHEAD < len(groups):
                self._ask(groups[i + _AHEAD])
            yield group, inputs[0] if size == 1 else np.concatenate(inputs)

    def give(self, indices: list[int], outputs: Outputs) -> None:
        """Hand over a batch's outputs; each image is finished where it was prepared."""
        first = 0
        for index in indices:
            last = first + self._passes.pop(index)
            one = {k: v[first:last] for k, v in outputs.items()}
            first = last
            self._given.append(index)
            owner = self._owner.get(index)
            if owner is None:
                self._results[index] = self._finish(index, self._images.pop(index), one)
                continue
            try:
                owner.finish(index, one)
            except CpuWorkerDied:
                self._bury(owner)

    def results(self) -> Iterator[Any]:
        """Result of every image that was given, in order, as each is there."""
        for index in self._given:
            while index not in self._results:
                self._listen(self._owner[index])
            yield self._results.pop(index)

    def _ask(self, group: list[int]) -> None:
        """Have a batch prepared: by the process with the most room, else by the thread."""
        for index in group:
            for worker in tuple(self._workers):
                while worker in self._workers and worker.waiting():
                    self._listen(worker)
            free = max(self._workers, key=lambda h: h.room, default=None)
            if free is not None and free.room:
                try:
                    free.prepare(index)
                except CpuWorkerDied:
                    self._bury(free)
                else:
                    self._owner[index] = free
                    continue
            self._futures[index] = self._pool.submit(self._loaded.load, index)

    def _input(self, index: int) -> NDArray[np.float32]:
        """Model's input for one image; waits for it."""
        while (owner := self._owner.get(index)) is not None:
            if index in owner.inputs:
                return owner.inputs[index]
            self._listen(owner)
        future = self._futures.pop(index, None)
        image, x = self._loaded.load(index) if future is None else future.result()
        self._images[index] = image
        return x if self._loaded.takes == "image" else np.asarray(x, np.float32)

    def _listen(self, worker: CpuWorker) -> None:
        """Take one message of a process; the work of a dead one is done here."""
        try:
            found = worker.listen()
        except CpuWorkerDied:
            self._bury(worker)
            return
        if found is not None:
            index, result = found
            self._results[index] = result
            del self._owner[index]

    def _bury(self, worker: CpuWorker) -> None:
        """Take over from a process that died; its images are decoded again."""
        self._workers.remove(worker)
        for index in [i for i, owner in self._owner.items() if owner is worker]:
            del self._owner[index]
            if index in worker.outputs:
                image, _ = self._loaded.load(index)
                self._results[index] = self._finish(index, image, worker.outputs[index])
            elif index in worker.inputs:  # its input is in the model already
                self._images[index] = self._loaded.load(index)[0]
        worker.close()


def groups(loaded: LoadedCase) -> list[list[int]]:
    """Indices of each batch; a shard k of n has the batches k, k + n, k + 2n ... of the whole pass.

    A runtime may compute an image otherwise beside other images, so batches stay those of the whole pass.
    """
    size, count = loaded.case.protocol.batch_size, loaded.count
    every = [list(range(i, min(i + size, count))) for i in range(0, count, size)]
    k, n = (loaded.job and loaded.job.shard) or (0, 1)
    return every[k::n]


def useful(loaded: LoadedCase) -> int:
    """Processes that pay off beside this model: none where it, or another shard, needs the cores."""
    job = loaded.job
    height, width = loaded.size
    # A process has room for one pass an image.
    if not loaded.geometry.once or loaded.takes == "image":
        return 0
    if job is None or job.memory_limit_bytes is not None or loaded.count * height * width < _WORTH:
        return 0
    on_cores = loaded.device.on_cores
    if on_cores and job.shard is not None:
        return 0
    return max(0, min(machine.cores() - (job.threads if on_cores else 1), _MOST))
