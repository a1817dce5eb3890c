"""Makes or checks a data set, and tells its digests, its images and their size."""

from contextlib import suppress
from pathlib import Path

from bench import cachedir, registry
from bench.datasets.base import DatasetLoader, Images, content_digest
from bench.errors import DatasetError
from bench.exporters.calibration import choose, refuse_overlap
from bench.jobs.base import Say
from bench.jobs.prepare import DatasetJob, DatasetReport
from bench.measure.session import image_count
from bench.record.result import CalibrationRecord
from bench.suite.base import digest
from bench.suite.protocol import SEMANTIC


def run(job: DatasetJob, say: Say) -> DatasetReport:
    """What the set holds; the cache of this machine then knows its folder by its content."""
    import cv2

    cv2.setNumThreads(1)
    case = job.case
    say("dataset", 0, 1)
    loader = registry.load("dataset", case.dataset.loader)()
    loader.prepare(case.dataset, Path(job.cache))
    images = loader.open(case.dataset, Path(job.cache))
    count = image_count(case, len(images.names))
    height, width = images.image(0).shape[:2]
    content = content_digest(images, count, segments=case.protocol.task != SEMANTIC)
    calibration = _calibration(job, loader, apart=bool(images.set_aside))
    place = ""
    if case.dataset.root:
        # Two sets of one content may differ in the splits that quantizers read.
        place = digest([case.dataset.model_dump(exclude={"root"}), content, calibration])
        cachedir.remember(Path(job.cache), place, case.dataset.root)
    return DatasetReport(
        digest=content,
        images=count,
        size=(height, width),
        calibration=calibration,
        calibrated=_listed(job, images),
        set_aside=images.set_aside,
        place=place,
    )


def _calibration(job: DatasetJob, loader: DatasetLoader, *, apart: bool) -> dict[str, str]:
    """Split -> digest of what determines it: the evaluated split where images are set apart; empty = missing."""
    out, spec = dict.fromkeys(job.calibration_splits, ""), job.case.dataset
    for split in out:
        of = spec if apart else spec.model_copy(update={"split": split})
        with suppress(DatasetError):
            out[split] = loader.plan_digest(of)
    return out


def _listed(job: DatasetJob, judged: Images) -> dict[str, CalibrationRecord]:
    """Images of each calibration set.

    Raises:
        DatasetError: one of them is judged, too.
    """
    found = {}
    for asked in job.calibration_sets:
        with suppress(DatasetError):
            found[asked] = choose(job.case.dataset, Path(job.cache), asked)
    for chosen in found.values():
        refuse_overlap(chosen, judged, job.case.dataset)
    return {
        asked.key: CalibrationRecord(
            split=asked.split,
            images=chosen.names(chosen.ranges),
            validation=chosen.names(chosen.validation),
            digest=chosen.digest,
        )
        for asked, chosen in found.items()
    }
