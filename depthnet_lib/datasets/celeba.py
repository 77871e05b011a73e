"""CelebA: 202,599 photos with 5 points by hand (eyes, nose, mouth corners), identities and the publisher's split."""

import numpy as np

from ..errors import InputError
from .base import KeypointSet
from .photos import check_pictures, detected, keypoint_folder
from .sources import Source
from .store import Report, registered

PHOTOS, SIDE = 202599, 218.0  # the aligned photos have 178 x 218 pixels
POINTS, PARTITION, PEOPLE = "list_landmarks_align_celeba.txt", "list_eval_partition.txt", "identity_CelebA.txt"
_SPLITS = {"train": ("0", "1"), "test": ("2",)}  # 1 is the publisher's validation set


def load(split: str) -> KeypointSet:
    """The aligned photos, split as the publisher did: with the keypoints that `depthnets keypoints` found, where it
    was run (the paper's pipeline needs them), else with the publisher's five points."""
    source = registered("celeba")
    photos, people = _photos(source), _table(source, PEOPLE)
    names = [name for name, row in _table(source, PARTITION).items() if row[0] in _SPLITS[split]]
    identity = np.array([people[n][0] for n in names], int)
    full = {name.rpartition("/")[2]: name for name in photos.sizes}
    if keypoint_folder("celeba").is_dir():
        return detected(f"celeba:{split}", photos, [full[n] for n in names], identity)
    points = _table(source, POINTS)
    return KeypointSet(
        f"celeba:{split}",
        np.array([points[n] for n in names], float).reshape(-1, 5, 2) / SIDE,
        identity=identity,
        image=lambda i: photos.image(full[names[i]]),
        shareable=False,
    )


def recognise(source: Source) -> bool:
    return any(source.match(name) for name in (POINTS, PARTITION, PEOPLE, "img_align_celeba.zip"))


def check(source: Source) -> Report:
    """The lists name the same photos, each line is whole, and every listed photo is here and whole."""
    report = Report()
    report.problems |= {name: "missing" for name in (POINTS, PARTITION, PEOPLE) if not source.match(name)}
    tables = {}
    for name, width in ((POINTS, 10), (PARTITION, 1), (PEOPLE, 1)):
        if source.match(name):
            tables[name] = _table(source, name)
            short = next((key for key, row in tables[name].items() if len(row) != width), None)
            if short:
                report.problems[name] = f"damaged or truncated at {short}"
    listed = set().union(*tables.values()) if tables else set()
    for name, table in tables.items():
        if absent := sorted(listed - set(table)):
            report.problems.setdefault(name, f"truncated? {len(absent)} photos are not in it, the first is {absent[0]}")
    try:
        photos = _photos(source)
        here = {name.rpartition("/")[2]: name for name in photos.match("*.jpg")}
        report.problems |= {name: "missing" for name in sorted(listed - set(here))}
        check_pictures(photos, list(here.values()), report)
        report.facts.append(f"{len(here):,} of {PHOTOS:,} photos")
    except InputError as error:
        report.problems["img_align_celeba"] = error.reason
    return report


def _photos(source: Source) -> Source:
    zips = source.match("img_align_celeba.zip")
    if zips:
        return source.inside(zips[0])
    if not source.match("img_align_celeba/*.jpg"):
        raise InputError(source.path, "has no img_align_celeba(.zip)", "bring the aligned photos too")
    return source


def _table(source: Source, name: str) -> dict[str, list[str]]:
    """Photo -> the fields of its line; lines that name no photo (a count, a header) are skipped."""
    if not source.match(name):
        raise InputError(source.path, f"has no {name}", "bring the publisher's lists too")
    rows = (line.split() for line in source.text(source.match(name)[0]).splitlines())
    return {row[0]: row[1:] for row in rows if row and row[0].endswith(".jpg")}
