from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from bench.execute import probe
from bench.execute.base import Outcome
from bench.execute.local import LocalExecutor
from bench.exporters.notes import ArtifactNote, write_note
from bench.jobs.measure import FitsJob, FitsReport
from bench.jobs.prepare import ProbeJob
from bench.plan import largest
from bench.plan.setting import StepFailed
from bench.record.result import Failure
from tests import builders, small

GB = 10**9


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(1, 5000))
def test_the_search_finds_the_largest_in_a_logarithmic_number_of_tries(limit, first, most):
    tried = []

    def try_one(n):
        tried.append(n)
        return n <= limit

    found, bound = largest.largest(try_one, first, most)
    assert found == (min(limit, most) or None)
    assert bound == (limit >= most)
    assert len(tried) == len(set(tried))
    assert all(1 <= n <= most for n in tried)
    assert len(tried) <= 2 * math.log2(most) + 3


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([1, 16, 32]))
def test_sizes_keep_the_aspect_and_grow_on_both_sides(rows, columns, multiple):
    sizes = largest.Sizes(rows * multiple, columns * multiple, multiple)
    assert sizes.at(sizes.own) == (rows * multiple, columns * multiple)
    found = [sizes.at(n) for n in range(1, sizes.own + 20)]
    for (h, w), (taller, wider) in itertools.pairwise(found):
        assert taller > h
        assert wider >= w
    assert all(h % multiple == w % multiple == 0 for h, w in found)
    assert all(abs(w - h * columns / rows) <= max(multiple / 2, multiple) for h, w in found)


def job(case, **more):
    return FitsJob(**{"case": case, "size": (64, 128), **more})


HERE = probe.answer(ProbeJob())


BIG = HERE.model_copy(
    update={"available_bytes": 16 * GB, "device_bytes": {"cpu": 16 * GB, "cuda": 16 * GB}}
)


class Scripted:
    """Processes whose memory is a formula; `dies` = bytes at which the machine kills them."""

    def __init__(self, fixed=0.5, image=0.25, pixel=0.0, dies=20.0, odd=None):
        self.fixed, self.image, self.pixel, self.dies, self.odd = fixed, image, pixel, dies, odd
        self.jobs, self.exports = [], []

    def start(self, of):
        self.jobs.append(of)
        batch, (height, width) = of.case.protocol.batch_size, of.size
        if self.odd and batch > self.odd:
            return Outcome(failure=Failure(step="fits", type="SIGSEGV", message="It crashed."))
        gb = self.fixed + batch * (self.image + self.pixel * height * width)
        if gb > self.dies:
            dead = Failure(step="fits", type="SIGKILL", message="Something killed it.")
            return Outcome(failure=dead)
        found = {"peak_bytes": int(gb * GB), "why": ""}
        return Outcome(report=FitsReport(**found))

    def export(self, batch, height, width):
        self.exports.append((batch, height, width))
        return f"artifact-{batch}-{height}-{width}"


def search(script, gb, **more):
    case = builders.case(protocol=builders.protocol(fits_gb=gb, **more))
    return largest.Search(job(case, artifact="own"), script.start, script.export, BIG).measured()


def test_each_limit_gets_its_answer_and_no_size_is_tried_twice():
    script = Scripted(pixel=1e-5)
    found = search(script, (2.0, 8.0))
    a, b = found.fits
    assert (a.limit_bytes, b.limit_bytes) == (2 * GB, 8 * GB)
    each = 0.25 + 1e-5 * 64 * 128
    assert a.largest_batch == int(1.5 / each)
    assert b.largest_batch == int(7.5 / each)
    for fit in (a, b):
        height, width = fit.largest_image
        assert width == 2 * height
        held = 0.5 + 0.25 + 1e-5 * height * width
        assert held <= fit.limit_bytes / GB < held + 1e-5 * (4 * 32 * height + 2 * 32**2)
        assert not fit.reason
        assert not fit.batch_bound
    sizes = [(j.case.protocol.batch_size, *j.size) for j in script.jobs]
    assert len(sizes) == len(set(sizes))


def test_a_try_opens_the_artifact_of_its_size_and_the_case_its_own():
    script = Scripted()
    search(script, (1.0,))
    by_batch = {j.case.protocol.batch_size: j.artifact for j in script.jobs if j.size == (64, 128)}
    assert by_batch[1] == "own"
    assert by_batch[2] == "artifact-2-64-128"
    assert (1, 64, 128) not in script.exports


def test_under_the_machines_own_memory_what_lives_fits():
    (found,) = search(Scripted(dies=4.0), (0.0,)).fits
    assert found.limit_bytes == 16 * GB
    assert found.largest_batch == 14
    killed = [t for t in found.tries if not t.fits]
    assert killed
    assert all(t.why == "SIGKILL: Something killed it." for t in killed)


def test_a_limit_above_the_machine_says_so():
    (found,) = search(Scripted(dies=4.0), (24.0,)).fits
    assert found.largest_batch == 14
    assert "16.0 GB" in found.reason


def test_what_ends_for_another_reason_than_memory_is_told_apart():
    (found,) = search(Scripted(odd=3), (8.0,)).fits
    assert found.largest_batch == 3
    assert "something else than memory: at 4 x 64 x 128, SIGSEGV" in found.reason


def without_artifacts(failure):
    """What fits where every further artifact fails like this."""

    def export(batch, height, width):
        raise StepFailed(failure)

    case = builders.case(protocol=builders.protocol(fits_gb=(8.0,)))
    (found,) = largest.Search(job(case), Scripted().start, export, BIG).measured().fits
    return found


def test_an_artifact_that_cannot_be_made_does_not_fit():
    found = without_artifacts(Failure(step="artifact", type="WeightsError", message="No."))
    assert found.largest_batch == 1
    assert found.largest_image == (64, 128)
    assert "making its artifact failed: WeightsError: No." in found.reason


def test_an_export_that_starves_says_nothing_of_the_models_memory():
    killed = Failure(step="artifact", type="SIGKILL", message="Something killed it.")
    found = without_artifacts(killed)
    assert "bounded by something else than memory" in found.reason
    assert "making its artifact failed: SIGKILL" in found.reason


def test_a_sought_batch_leaves_room_and_takes_a_gpu_that_is_silent():
    script = Scripted()
    case = builders.case(protocol=builders.protocol())
    seek = largest.Search(job(case), script.start, script.export, BIG)
    assert seek.batch(8.0, 0.9) == int((7.2 - 0.5) / 0.25)
    assert seek.batch(0, 1.0) == int(15.5 / 0.25)
    assert seek.batch(0.5, 1.0) is None

    def mute(of):
        lived = of.case.protocol.batch_size <= 5
        dead = Failure(step="fits", type="SIGKILL", message="Something killed it.")
        told = FitsReport(peak_bytes=None, why="it is silent")
        return Outcome(report=told) if lived else Outcome(failure=dead)

    assert largest.Search(job(case), mute, script.export, BIG).batch(8.0, 0.9) == 5


def test_where_nothing_fits_there_is_a_reason_and_no_number():
    (found,) = search(Scripted(), (0.5,)).fits
    assert (found.largest_batch, found.largest_image) == (None, None)
    assert found.reason == "Not even one image fits."
    assert all("it held" in t.why for t in found.tries)


def test_a_search_that_ends_at_its_own_largest_says_so():
    (found,) = search(Scripted(image=0.0), (8.0,)).fits
    assert found.batch_bound
    assert found.image_bound
    assert found.largest_batch == largest.MOST_IMAGES
    assert max(found.largest_image) <= largest.LONGEST_SIDE


def test_a_gpu_that_tells_no_memory_gives_no_number_under_a_limit():
    cuda = builders.target("gpu", device="cuda")
    case = builders.case(target=cuda, protocol=builders.protocol(fits_gb=(8.0,)))

    def mute(of):
        found = {"peak_bytes": None, "why": "it is silent"}
        return Outcome(report=FitsReport(**found))

    (found,) = largest.Search(job(case), mute, lambda *size: None, BIG).measured().fits
    assert found.memory == "gpu"
    assert found.largest_batch is None
    assert "it is silent" in found.reason


def test_real_processes_of_a_real_model(tmp_path):
    def export(batch, height, width):
        """Graph that holds 20 MB an image."""
        folder = tmp_path / "cache" / "artifacts" / f"a{batch}"
        small.conv_graph(folder / "model.onnx", size=(height, width), batch=batch, huge=800)
        note = ArtifactNote(model="model.onnx", input="picture", outputs={"scores": "logits"})
        write_note(folder, note)
        return f"a{batch}"

    data = small.folder(small.pictures(tmp_path / "pictures"))
    protocol = small.QUICK.model_copy(update={"fits_gb": (0.25, 0.01)})
    asked = small.block(small.model(small.conv_graph(tmp_path / "conv.onnx")), data)
    (case,) = small.suite(asked.model_copy(update={"protocol": protocol})).expand()
    of = job(case, size=small.SIZE, artifact=export(1, *small.SIZE))
    here = LocalExecutor(tmp_path / "cache")
    found = largest.Search(
        of, lambda j: here.work(j, 60.0, tmp_path / "log", lambda *words: None), export, HERE
    ).measured()
    wide, tight = found.fits
    most = wide.largest_batch
    assert 1 <= most <= 12
    peaks = {t.batch_size: t.peak_bytes for t in wide.tries}
    assert peaks[most] <= GB / 4 < peaks[most + 1]
    assert peaks[most + 1] - peaks[1] > 15e6 * most
    assert "fixes the size" in wide.reason
    assert tight.largest_batch is None
    assert tight.tries[0].why.startswith("it held 0.")
