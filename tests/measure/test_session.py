import sys

import pytest

from bench.datasets.base import VOID
from bench.errors import CaseFailed, Unsupported
from bench.measure import session
from bench.tasks.base import task_of
from tests import builders


def test_classes_meet_by_name_then_by_the_map():
    of = builders.model(classes=("sky", "sidewalk", "dog"))
    data = builders.dataset(classes=("pavement", "sky"), class_map={"sidewalk": "pavement"})
    table = session.class_table(builders.case(model=of, dataset=data))
    assert table[:4].tolist() == [1, 0, VOID, VOID]
    assert table[255] == VOID


@pytest.mark.parametrize(
    ("images", "seeded", "there", "count"),
    [(None, False, 9, 9), (4, False, 9, 4), (20, False, 9, 9), (None, True, 9, 4), (2, True, 9, 2)],
)
def test_untrained_weights_run_only_the_images_of_parity(images, seeded, there, count):
    case = builders.case(
        model=builders.model(source="seeded" if seeded else "package"),
        protocol=builders.protocol(images=images, parity_images=4),
    )
    assert session.image_count(case, there) == count


def test_without_parity_untrained_weights_run_one_image():
    case = builders.case(
        model=builders.model(source="seeded"), protocol=builders.protocol(parity_images=0)
    )
    assert session.image_count(case, 9) == 1


def test_a_runtime_that_cannot_be_imported_is_no_failure(tmp_path, monkeypatch):
    with pytest.raises(Unsupported, match=r"no-such-runtime can't be imported"):
        session._import_runtime("no-such-runtime")
    (tmp_path / "crowded.py").write_text("raise ImportError('x.so: failed to map segment')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MemoryError):
        session._import_runtime("crowded")
    session._import_runtime("opencv-python-headless")
    assert "cv2" in sys.modules


@pytest.mark.parametrize(
    ("task", "rule"), [("semantic", "panoptic"), ("panoptic", "reference"), ("panoptic", "hf")]
)
def test_a_rule_of_another_task_is_refused_in_a_sentence(task, rule):
    case = builders.case(protocol=builders.protocol(task=task, postprocess=rule))
    with pytest.raises(CaseFailed, match=f"{rule!r} makes no predictions of the task {task!r}"):
        session._rule(task_of(case), case)


@pytest.mark.parametrize(("task", "rule"), [("semantic", "hf"), ("panoptic", "panoptic-hf")])
def test_a_rule_of_the_task_is_taken(task, rule):
    case = builders.case(protocol=builders.protocol(task=task, postprocess=rule))
    assert callable(session._rule(task_of(case), case))
