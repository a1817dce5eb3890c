"""What a protocol asks to be counted beside a label map's confusion, image by image."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.measure.session import EvalSetup
from bench.tasks import boundary, edge, reliability
from bench.tasks.base import Tally
from bench.transforms import confidence
from bench.transforms.base import Outputs

LABELS_ONLY = "the outputs are labels or features: they have no probabilities"
AVERAGED = "the geometry averages or moves maps, whose probabilities are not kept"


def counted(
    setup: EvalSetup,
    outputs: Outputs,
    truth: NDArray[np.uint8],
    prediction: NDArray[np.uint8],
) -> dict[str, Tally]:
    """Measurement's kind -> counts of one image; a kind without any is empty.

    `truth` and `prediction` are label maps of the set's classes.
    """
    protocol, classes = setup.case.protocol, len(setup.case.dataset.classes)
    found: dict[str, Tally] = {}
    if protocol.boundary:
        found["boundary"] = {**boundary.count(truth, prediction, classes)}
    if protocol.edge:
        found["edge"] = {**edge.count(truth, prediction, classes)}
    if protocol.calibration:
        found["reliability"] = {}
        if not {"labels", "features"} & {*outputs} and setup.geometry.plain:
            size = truth.shape[0], truth.shape[1]
            labels, sure = confidence.confidence(outputs, setup.size, size)
            at = np.ix_(*confidence.grid(size))
            found["reliability"] = {
                **reliability.count(truth[at], setup.to_dataset[labels], sure, classes)
            }
    return found


def measured(
    tallies: Sequence[Mapping[str, Tally]], seen: Mapping[str, Any], *, plain: bool = True
) -> Iterator[tuple[dict[str, Any], Tally]]:
    """Measurements without `arrays`, and those arrays, from the counts of the images in order.

    `plain`: the input is the whole image, resized.
    """
    own: dict[str, dict[str, Any]] = {
        "boundary": {"share": boundary.SHARE},
        "edge": {"pixels": edge.WIDTH},
        "reliability": {"bins": reliability.BINS, "step": confidence.STEP},
    }
    for kind, fields in own.items():
        each = [t[kind] for t in tallies if kind in t]
        if not each:
            continue
        filled = [t for t in each if t]
        names = [*filled[0]] if filled else []
        if not filled:
            fields["absent"] = LABELS_ONLY if plain else AVERAGED
        lengths = [len(t[names[0]]) if t else 0 for t in each]
        arrays = {name: np.concatenate([t[name] for t in filled]) for name in names}
        arrays["image"] = np.repeat(np.arange(len(each), dtype=np.uint32), lengths)
        yield {"kind": kind, **seen, **fields}, arrays
