"""Steps in order and side by side, on executors whose jobs end when the test says so."""

from concurrent.futures import Future

import pytest

from bench.execute.base import Capabilities, Outcome
from bench.jobs.measure import FitsJob, FitsReport
from bench.plan import walk as walking
from bench.plan.setting import Setting, StepFailed
from bench.plan.walk import Node, Walk
from bench.record.result import Failure
from tests import builders, small

CASE = builders.case()


class Scripted:
    """Executor that ends a job at once, or with `end`."""

    def __init__(self, places=("here",), prepares=1, at_once=True):
        self.can = Capabilities(places=places, prepares=dict.fromkeys(places, prepares))
        self.at_once, self.begun, self.open = at_once, [], {}
        self.fails, self.there, self.loses = {}, set(), {}

    def capabilities(self):
        return self.can

    def submit(self, job, *, place, timeout_s, log, progress):
        self.begun.append(job.artifact)
        self.open[job.artifact] = future = Future()
        if self.at_once:
            self.end(job.artifact)
        return future

    def end(self, name):
        if self.loses.get(name):
            self.loses[name] -= 1
            failure = Failure(step="fits", type="lost", message="It was lost.")
            self.open.pop(name).set_result(Outcome(failure=failure, lost=True))
            return
        failed = self.fails.get(name)
        failure = failed and Failure(step="fits", type="X", message=failed)
        report = None if failed else FitsReport(peak_bytes=len(name))
        self.open.pop(name).set_result(Outcome(report=report, failure=failure))

    def stands(self, job, place):
        return FitsReport(peak_bytes=0) if job.artifact in self.there else None


@pytest.fixture
def walk(monkeypatch, tmp_path):
    """Function: executor -> walk on it, and what its listener was told."""

    def make(executor):
        monkeypatch.setattr(walking.registry, "load", lambda *words: lambda *fields: executor)
        watch = small.Quiet()
        return Walk(Setting(run=tmp_path, cache=tmp_path), watch), watch

    return make


def node(name, *needs, place="here", **more):
    job = FitsJob(case=CASE, size=(4, 4), artifact=name)
    return Node(name, CASE, place, job, needs=needs, what=name, **more)


def one(node):
    return (yield node)


def routine(log, *nodes):
    for one in nodes:
        try:
            found = yield one
            log.append((one.key, found.report.peak_bytes))
        except StepFailed as e:
            log.append((one.key, e.failure.message))


def test_one_at_a_time_routines_follow_each_other_and_needs_come_first(walk):
    executor, log = Scripted(), []
    made, watch = walk(executor)
    a = node("a")
    b, c = node("bb", a, node("ccc", a)), node("dd", a, kind="measure")
    made.run([routine(log, b, c), routine(log, node("e"))])
    assert executor.begun == ["a", "ccc", "bb", "dd", "e"]
    assert log == [("bb", 2), ("dd", 2), ("e", 1)]
    assert [what for _, what in watch.steps] == executor.begun


def test_a_step_that_failed_fails_all_that_need_it_and_is_not_tried_again(walk):
    executor, log = Scripted(), []
    executor.fails["a"] = "It broke."
    made, _ = walk(executor)
    made.run([routine(log, node("b", node("a"), node("c"))), routine(log, node("d", node("a")))])
    assert executor.begun == ["a"]
    assert log == [("b", "It broke."), ("d", "It broke.")]


def test_what_an_optional_step_failed_with_is_handed_on(walk):
    executor = Scripted()
    executor.fails["a"] = "It broke."
    made, _ = walk(executor)
    several = (node("a", optional=True), node("b"), Node("v", CASE, "here", lambda: 7))
    failed, outcome, value = made.result(one(several))
    assert failed.failure.message == "It broke."
    assert (outcome.report.peak_bytes, value) == (1, 7)


def test_an_optional_step_that_fails_before_it_begins_is_handed_on_too(walk):
    executor = Scripted()
    executor.fails["a"] = "It broke."
    made, _ = walk(executor)
    outcome, failed = made.result(one((node("c"), node("b", node("a"), optional=True))))
    assert (outcome.report.peak_bytes, failed.failure.message) == (1, "It broke.")
    assert executor.begun == ["c", "a"]


def test_the_first_of_several_steps_that_fails_ends_the_wait_for_the_others(walk):
    executor = Scripted()
    executor.fails["a"] = "It broke."
    made, _ = walk(executor)
    with pytest.raises(StepFailed, match="It broke"):
        made.result(one((node("a"), node("b"))))
    assert executor.begun == ["a"]


def test_what_stands_in_the_cache_is_neither_done_nor_told(walk):
    executor = Scripted()
    executor.there.add("a")
    made, watch = walk(executor)
    assert made.result(one(node("a"))).report.peak_bytes == 0
    assert (executor.begun, watch.steps) == ([], [])


def test_a_surprise_is_a_failed_step(walk):
    made, _ = walk(Scripted())

    def job():
        raise RuntimeError("nobody expected this")

    with pytest.raises(StepFailed, match="nobody expected this") as e:
        made.result(one(Node("a", CASE, "here", job)))
    assert e.value.failure.type == "RuntimeError"
    assert any("in job" in line for line in e.value.failure.stderr_tail)


def test_a_result_of_the_routine_ends_the_walk(walk):
    made, _ = walk(Scripted())

    def broken():
        yield node("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.run([broken()])


def steered(walk, monkeypatch, executor, routines, ends):
    """Run routines; whenever all wait, end the next of `ends`. What was open at each such moment."""
    made, _ = walk(executor)
    seen, todo = [], iter(ends)

    def wait(running, timeout, return_when):
        seen.append(sorted(executor.open))
        executor.end(next(todo))

    monkeypatch.setattr(walking, "wait", wait)
    made.run(routines)
    return seen


def test_prepare_steps_run_side_by_side_and_a_shared_one_once(walk, monkeypatch):
    executor, log = Scripted(prepares=2, at_once=False), []
    shared = node("s")
    routines = [routine(log, node(n, shared, node(f"{n}{n}"))) for n in "abc"]
    seen = steered(walk, monkeypatch, executor, routines, ["aa", "s", "a", "bb", "b", "cc", "c"])
    assert all(len(names) <= 2 for names in seen)
    assert seen[0] == ["aa", "s"]
    assert executor.begun.count("s") == 1
    assert sorted(executor.begun) == sorted(["s", "a", "aa", "b", "bb", "c", "cc"])


def test_a_measuring_step_has_its_place_to_itself_and_is_not_kept_waiting(walk, monkeypatch):
    executor, log = Scripted(prepares=2, at_once=False), []
    first = routine(log, node("a"), node("m", kind="measure"))
    routines = [first, routine(log, node("b")), routine(log, node("c"))]
    seen = steered(walk, monkeypatch, executor, routines, ["a", "b", "m", "c"])
    # While b ran, m waited, and c, which came later, didn't overtake it.
    assert seen == [["a", "b"], ["b"], ["m"], ["c"]]


def test_places_work_apart(walk, monkeypatch):
    executor, log = Scripted(places=("x", "y"), at_once=False), []
    routines = [routine(log, node(p, place=p, kind="measure")) for p in "xy"]
    assert steered(walk, monkeypatch, executor, routines, ["y", "x"]) == [["x", "y"], ["x"]]
    assert log == [("y", 1), ("x", 1)]


def test_a_job_that_was_lost_is_begun_again_at_its_place(walk):
    executor, log = Scripted(), []
    executor.loses["a"] = 1
    made, _ = walk(executor)
    made.run([routine(log, node("a"))])
    assert executor.begun == ["a", "a"]
    assert log == [("a", 1)]


def test_one_that_is_lost_time_and_again_fails_and_says_that_its_place_is_lost(walk):
    executor, found = Scripted(), []
    executor.loses["a"] = 9
    made, _ = walk(executor)

    def all_of_it():
        try:
            yield node("a")
        except StepFailed as e:
            found.append(e)

    made.run([all_of_it()])
    assert executor.begun == ["a"] * walking.TRIES
    assert found[0].lost
    assert found[0].elsewhere


def test_a_job_of_a_place_that_is_gone_is_not_begun_again(walk):
    executor, log = Scripted(places=("here", "there")), []
    executor.loses["a"] = 9
    made, _ = walk(executor)
    executor.can = Capabilities(places=("there",))
    made.run([routine(log, node("a"), node("b", place="there"))])
    assert executor.begun == ["a", "b"]


def test_a_routine_may_start_others_and_wait_for_them(walk, monkeypatch):
    monkeypatch.setattr(walking, "PAUSE_S", 0.01)
    executor, log = Scripted(places=("here", "there"), at_once=True), []
    made, _ = walk(executor)

    def main():
        for place in ("here", "there"):
            made.add(routine(log, node(place, place=place)))
        while len(log) < 2:
            yield None
        log.append("all")

    made.run([main()])
    assert sorted(log[:2]) == [("here", 4), ("there", 5)]
    assert log[2:] == ["all"]


def test_a_job_that_nobody_needs_any_more_is_given_up(walk, monkeypatch):
    monkeypatch.setattr(walking, "PAUSE_S", 0.01)
    executor, log = Scripted(places=("here", "there"), at_once=False), []
    made, _ = walk(executor)
    late = node("late")

    def main():
        made.add(routine(log, late))
        yield None
        yield None
        assert executor.begun == ["late"]
        future = executor.open["late"]
        made.give_up([late])
        assert future.cancelled()
        log.append("over")

    made.run([main()])
    assert log == ["over", ("late", "It isn't needed any more.")]
