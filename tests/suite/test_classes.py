from __future__ import annotations

import warnings

from bench.suite.classes import CITYSCAPES


def test_the_copy_equals_the_official_label_table() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its module warns on import under a current Python
        from cityscapesscripts.helpers.labels import labels

    official = sorted((x for x in labels if 0 <= x.trainId < 255), key=lambda x: x.trainId)
    assert [tuple(c) for c in CITYSCAPES] == [
        (x.name, x.id, x.trainId, x.category, tuple(x.color), x.hasInstances) for x in official
    ]
