"""Jobs on the nodes of a Ray cluster: a node is a place, and each job has a worker process of ours.

Ray only carries. A job goes to a node as JSON, a worker is started there as it is on this machine,
and its report, its arrays and its standard error come back. Source of the calls: the Ray Core API
reference, docs.ray.io.
"""

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import BadInput
from bench.execute import node
from bench.execute.base import Capabilities, Outcome
from bench.jobs.base import Job, OfCase, Report, Say
from bench.jobs.prepare import ProbeJob

GRACE_S = 30.0
"""Seconds after its time limit at which a job whose node doesn't answer is given up."""
LEAVE_S = 5.0
"""Seconds that a job has to end when it is cancelled."""
ANSWER_S = 60.0
"""Seconds that a node has to describe itself."""
ALONE = {"case", "timing", "work", "ceiling", "fits", "pair"}
"""Steps that measure: they have the whole node."""


@dataclass(frozen=True)
class Node:
    """A node that takes jobs."""

    id: str
    cpus: float
    gpus: float

    def options(self, job: Job | None) -> dict[str, Any]:
        """Options of a Ray task for a job; None = a question that takes no room."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        device = job.case.target.device if isinstance(job, OfCase) else "cpu"
        whole = job is not None and (job.step in ALONE or device != "cpu")
        asks = job is not None and not isinstance(job, ProbeJob)
        share = min(job.threads, self.cpus) if job is not None and asks else 0
        return {
            "num_cpus": self.cpus if whole else share,
            "num_gpus": self.gpus if whole else 0,
            "max_retries": 0,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(self.id, soft=False),
        }


@dataclass
class RayExecutor:
    """The nodes of a cluster, or of one that is started here, which have this segbench."""

    cache: Path
    address: str | None = None
    _nodes: dict[str, Node] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _running: dict[int, Any] = field(default_factory=dict)
    """Number of a job -> what its node says; held here alone."""
    _threads: list[threading.Thread] = field(default_factory=list)
    _count: int = 0

    def __post_init__(self) -> None:
        """Connect, and ask every node what it is.

        Raises:
            BadInput: Ray isn't installed, the cluster doesn't answer, or no node can be used.
        """
        ray, own = _ray(), node.describe()
        self._connect(ray)
        found = {n["NodeID"]: n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU")}
        names = [n["NodeName"] for n in found.values()]
        for key, told in found.items():
            name = told["NodeName"]
            name = name if names.count(name) == 1 else f"{name}/{key[:6]}"
            has = told["Resources"]
            self._nodes[name] = Node(key, has["CPU"], has.get("GPU", 0))
        asked = {name: self._ask(name, node.describe) for name in sorted(self._nodes)}
        for name, answer in asked.items():
            try:
                why = node.difference(own, ray.get(answer, timeout=ANSWER_S))
            except (ray.exceptions.RayError, ImportError) as e:
                why = f"segbench can't be started there ({_first_line(e)})"
            if why:
                self._refused[name] = why
                del self._nodes[name]
        if not self._nodes:
            self.close()
            told = "; ".join(f"{n}: {why}" for n, why in self._refused.items())
            raise BadInput(
                f"No node of the Ray cluster can be used: {told or 'none has a processor'}.",
                "Install the same segbench and the same runtimes on every node.",
            )

    def _connect(self, ray: Any) -> None:
        address = self.address or os.environ.get("RAY_ADDRESS")
        settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        if address is None:  # a Ray of our own, for this machine alone
            os.environ.setdefault("RAY_worker_niceness", "0")
            settings |= {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            host, _, port = (address or "").rpartition(":")
            if host and port.isdecimal():  # Ray itself would try for minutes
                socket.create_connection((host, int(port)), timeout=10).close()
            ray.init(address=address, **settings)
        except (OSError, ValueError, RuntimeError) as e:
            raise BadInput(
                f"There is no Ray cluster at {address!r}: {_first_line(e)}.",
                "Give the address that `ray start --head` printed, HOST:PORT.",
            ) from e

    def capabilities(self) -> Capabilities:
        """The living nodes, by name, with their processors."""
        return Capabilities(
            places=tuple(sorted(self._nodes)),
            refused=dict(self._refused),
            prepares={name: int(at.cpus) for name, at in self._nodes.items()},
        )

    def submit(
        self, job: Job, *, place: str, timeout_s: float, log: Path, progress: Say
    ) -> Future[Outcome]:
        """Outcome to come, from a thread that follows the job."""
        done: Future[Outcome] = Future()
        if place not in self._nodes:
            done.set_result(node.lost(job, "node died", f"The node {place} is gone."))
            return done
        options = self._nodes[place].options(job)
        task = _ray().remote(node.work).options(num_returns="streaming", **options)
        key, self._count = self._count, self._count + 1
        self._running[key] = task.remote(job.model_dump_json(), timeout_s)

        def follow() -> None:
            with contextlib.suppress(InvalidStateError):  # it was cancelled
                try:
                    done.set_result(self._follow(key, job, place, timeout_s, log, progress))
                except (Exception, SystemExit) as e:  # noqa: BLE001 - whoever waits must know
                    done.set_exception(e)
            self._running.pop(key, None)

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        self._threads.append(thread)
        done.add_done_callback(lambda future: self._cancel(key) if future.cancelled() else None)
        return done

    def _cancel(self, key: int) -> None:
        stream = self._running.get(key)
        if stream is not None:
            with contextlib.suppress(Exception):  # it ended meanwhile, or Ray did
                _ray().cancel(stream, force=True)

    def _follow(
        self, key: int, job: Job, place: str, timeout_s: float, log: Path, progress: Say
    ) -> Outcome:
        """Outcome of a job on its node; its log is written here."""
        ray, stream = _ray(), self._running[key]
        try:
            while ray.wait([stream], timeout=timeout_s + GRACE_S)[0]:
                said = ray.get(next(stream))
                if isinstance(said[0], str):
                    progress(*said)
                    continue
                outcome: Outcome
                outcome, content = said
                log.parent.mkdir(parents=True, exist_ok=True)
                log.write_bytes(content)
                return outcome
        except (ray.exceptions.RayError, StopIteration) as e:
            if isinstance(e, ray.exceptions.NodeDiedError | ray.exceptions.TaskUnschedulableError):
                self._nodes.pop(place, None)
            return node.lost(job, *_ending(e, place))
        return node.lost(
            job, "timeout", f"{place} did not answer within {timeout_s + GRACE_S:g} s."
        )

    def stands(self, job: Job, place: str) -> Report | None:
        """Report of a job whose result lies in the node's cache."""
        ray = _ray()
        if place in self._nodes:
            with contextlib.suppress(ray.exceptions.RayError):  # whatever it is, the job will tell
                asked = self._ask(place, node.stands, job.model_dump_json())
                found: Report | None = ray.get(asked, timeout=ANSWER_S)
                return found
        return None

    def drop(self, names: Sequence[str], place: str) -> None:
        """Remove folders from a node's cache."""
        ray = _ray()
        if place in self._nodes:
            with contextlib.suppress(ray.exceptions.RayError):
                ray.get(self._ask(place, node.drop, tuple(names)), timeout=ANSWER_S)

    def _ask(self, place: str, question: Callable[..., Any], *words: Any) -> Any:
        """Answer to come of a node to a question that takes no room there."""
        return _ray().remote(question).options(**self._nodes[place].options(None)).remote(*words)

    def close(self) -> None:
        """Cancel what still runs, and leave the cluster."""
        for key in tuple(self._running):
            self._cancel(key)
        for thread in self._threads:
            thread.join(LEAVE_S)
        # Ray aborts this process where a stream of one connection is dropped during the next one.
        self._running.clear()
        _ray().shutdown()


def _ray() -> Any:
    try:
        import ray
    except ImportError as e:
        raise BadInput(
            f"The executor 'ray' needs Ray, which can't be imported: {e}.",
            "python -m pip install 'segbench[ray]'",
        ) from e
    return ray


def _ending(error: BaseException, place: str) -> tuple[str, str]:
    """Type and sentence for a task that ended without an outcome."""
    raised = _ray().exceptions
    if isinstance(error, raised.NodeDiedError | raised.TaskUnschedulableError):
        return "node died", f"The node {place} died."
    if isinstance(error, raised.OutOfMemoryError):
        return "out of memory", f"Ray ended it because the memory of {place} ran out."
    if isinstance(error, raised.RayTaskError):
        return "lost", f"{place} can't start a worker: {_first_line(error.cause)}."
    return "worker died", f"Its process on {place} died ({type(error).__name__})."


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
