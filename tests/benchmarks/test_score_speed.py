"""`score` against the official evaluator: the same files, the same cores, one run."""

import statistics
import time

import pytest

from bench.measure.score import score
from bench.suite.dataset import Dataset
from tests.official import official, write_layout

IMAGES = 8
RATIO = 5.0


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    root = tmp_path_factory.mktemp("layout")
    return (root, *write_layout(root, images=IMAGES, size=(1024, 2048), grain=8))


def test_score_is_five_times_as_fast_as_the_official_evaluator(benchmark, layout):
    root, predictions, truths = layout
    spec = Dataset(name="cityscapes", loader="cityscapes", root=str(root))
    theirs = []

    def setup():
        """Alternate, so that both see the same disturbances."""
        start = time.perf_counter()
        found = official(predictions, truths)
        theirs.append(time.perf_counter() - start)
        assert found["averageScoreClasses"] > 0

    official(predictions[:1], truths[:1])
    benchmark.pedantic(
        lambda: score(root / "results", spec, root / "run"), setup=setup, rounds=5, warmup_rounds=1
    )
    ratio = statistics.median(theirs) / benchmark.stats.stats.median
    benchmark.extra_info["official_ms_per_image"] = 1e3 * statistics.median(theirs) / IMAGES
    benchmark.extra_info["score_ms_per_image"] = 1e3 * benchmark.stats.stats.median / IMAGES
    benchmark.extra_info["ratio"] = ratio
    assert ratio >= RATIO
