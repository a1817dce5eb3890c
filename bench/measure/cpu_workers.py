"""A process beside the model that prepares its inputs and finishes its outputs; imports no runtime.

Arrays lie in one anonymous shared file a process (memfd), which vanishes with the last of the two:
nothing can be left behind in /dev/shm. Messages are small and go through a socket; when the parent
dies, its end closes, and so the worker ends.
"""

import contextlib
import importlib
import mmap
import os
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection, Pipe
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import CaseFailed
from bench.execute.process import BOOT, Process
from bench.jobs.base import SessionJob

_START = (
    "import runpy, sys; from pathlib import Path; boot = Path(sys.argv[1]);"
    "runpy.run_path(str(boot))['adopt'](boot.parents[1]);"
    "from bench.measure.cpu_workers import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)
_ALIGN = 4096


class CpuWorkerDied(Exception):
    """The process ended before it answered."""


class Area:
    """A shared file as arrays; one of its two sides makes it grow."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map: mmap.mmap | None = None

    def grow(self, size: int) -> None:
        """Make it at least so many bytes large."""
        if os.fstat(self.fd).st_size < size:
            os.ftruncate(self.fd, size)

    def array(self, offset: int, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
        """Array of a shape and type that lies at an offset; older ones stay valid."""
        count = int(np.prod(shape))
        end = offset + max(1, count * np.dtype(dtype).itemsize)
        if self._map is None or len(self._map) < end:
            self._map = mmap.mmap(self.fd, os.fstat(self.fd).st_size)
        return np.frombuffer(self._map, dtype, count, offset).reshape(shape)


def anonymous() -> int:
    """Descriptor of an empty file without a name, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("segbench")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class CpuWorker:
    """This side of one process."""

    def __init__(self, job: SessionJob, maker: str, folder: str | None, slots: int) -> None:
        """Start a process that may hold `slots` images; until it says hello it has no room.

        `maker` is a `module:attribute`: (the job's setup, `folder`) -> what finishes an image.
        """
        self._link, far = Pipe()
        self._area = Area(anonymous())
        self._slots = slots
        self._stride = 0
        self._free: list[int] = []
        self._slot: dict[int, int] = {}
        self.inputs: dict[int, NDArray[np.float32]] = {}
        """Inputs that are ready, in shared memory until their image is finished."""
        self.outputs: dict[int, dict[str, NDArray[np.float32]]] = {}
        """Outputs that it was given and hasn't finished."""
        ours = (far.fileno(), self._area.fd)
        command = [sys.executable, "-P", "-c", _START, str(BOOT), *map(str, ours)]
        self._process = Process(command, threads=1, descriptors=ours)
        far.close()
        with contextlib.suppress(CpuWorkerDied):  # `listen` raises it again
            self._send((job.model_dump_json(include=set(SessionJob.model_fields)), maker, folder))

    @property
    def room(self) -> int:
        """Images that it can take now."""
        return len(self._free)

    def waiting(self) -> bool:
        """Whether it has said something."""
        return self._link.poll()

    def prepare(self, index: int) -> None:
        """Ask for an image's input."""
        self._slot[index] = self._free.pop()
        self._send(("prepare", index, self._slot[index]))

    def finish(self, index: int, outputs: Mapping[str, NDArray[np.float32]]) -> None:
        """Hand over an image's outputs; they are copied."""
        sizes = [-(-a.nbytes // _ALIGN) * _ALIGN for a in outputs.values()]
        # Outputs lie behind the inputs of all slots; every image of a case has equal shapes.
        offset = self._slots * self._stride + self._slot[index] * sum(sizes)
        self._area.grow(self._slots * (self._stride + sum(sizes)))
        layout, kept = [], {}
        for (name, array), size in zip(outputs.items(), sizes, strict=True):
            place = (offset, array.shape, array.dtype.str)
            kept[name] = self._area.array(*place)
            kept[name][...] = array
            layout.append((name, *place))
            offset += size
        self.outputs[index] = kept
        self._send(("finish", index, layout))

    def listen(self) -> tuple[int, Any] | None:
        """Index and result of a finished image, or None for any other news; waits for one.

        Raises CpuWorkerDied where it ended, else what it raised on an image.
        """
        try:
            what, *words = self._link.recv()
        except (EOFError, OSError):
            raise CpuWorkerDied from None
        if what == "error":
            error: Exception = words[0]
            raise error
        if what == "hello":
            self._stride = int(words[0])
            self._area.grow(self._slots * self._stride)
            self._free = list(range(self._slots))
        elif what == "ready":
            index, shape = words
            offset = self._slot[index] * self._stride
            self.inputs[index] = self._area.array(offset, shape, "<f4")
        else:
            index, result = words
            self._free.append(self._slot.pop(index))
            del self.inputs[index], self.outputs[index]
            return index, result
        return None

    def close(self) -> None:
        """End the process, whatever it does."""
        self._link.close()
        self._process.close()
        with contextlib.suppress(OSError):
            os.close(self._area.fd)

    def _send(self, message: tuple[Any, ...]) -> None:
        try:
            self._link.send(message)
        except OSError:
            raise CpuWorkerDied from None


def serve(link_fd: int, area_fd: int) -> None:
    """The other side: prepare and finish images until the parent closes its end."""
    import cv2

    from bench.measure.session import open_setup

    cv2.setNumThreads(1)
    link, area = Connection(link_fd), Area(area_fd)
    images: dict[int, NDArray[np.uint8]] = {}
    with contextlib.suppress(EOFError, OSError):
        text, maker, folder = link.recv()
        try:
            setup = open_setup(SessionJob.model_validate_json(text))
            module, _, attribute = maker.partition(":")
            finish = getattr(importlib.import_module(module), attribute)(setup, folder)
            # The model's planes of float32, a page more at most.
            planes = setup.case.model.pixels.bands
            stride = -(-planes * 4 * setup.size[0] * setup.size[1] // _ALIGN) * _ALIGN
            link.send(("hello", stride))
            while True:
                what, index, *words = link.recv()
                if what == "prepare":
                    images[index], x = setup.load(index)
                    if x.nbytes > stride:
                        raise CaseFailed(  # noqa: TRY301
                            f"The input of image {index} is larger than {planes} planes of the model's"
                            f" size {setup.size[0]} x {setup.size[1]}."
                        )
                    area.array(words[0] * stride, x.shape, "<f4")[...] = x
                    link.send(("ready", index, x.shape))
                else:
                    outputs = {n: area.array(o, s, t) for n, o, s, t in words[0]}
                    link.send(("done", index, finish(index, images.pop(index), outputs)))
        except (EOFError, OSError):
            raise
        except Exception as e:  # noqa: BLE001 - it becomes the case's
            _tell(link, e)


def _tell(link: "Connection[Any, Any]", error: Exception) -> None:
    """Send an exception, or its words where it can't travel."""
    try:
        link.send(("error", error))
    except (TypeError, AttributeError, ValueError):
        link.send(("error", CaseFailed(f"{type(error).__name__}: {error}")))
