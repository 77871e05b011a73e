"""MUCT: 76 points by hand on faces seen by five cameras at once (muct76-opencv.csv). Its photos are never shown."""

import re
from itertools import product

import numpy as np

from ..errors import InputError
from .base import KeypointSet, in_test
from .sources import Source
from .store import Report, registered

CSV = "muct76-opencv.csv"
SIDE = 640.0  # the photos have 480 x 640 pixels
CAMERAS = "abcde"  # a in front, b and c to the side, d above, e below
_NAME = re.compile(r"i(r?)(\d{3}[q-z])([a-e])-[fm][ng0-9]")  # r: mirrored; person and lighting; camera
_TERMS_END = "Sep 2010"  # the last words of the terms of use


def load(split: str) -> KeypointSet:
    """Faces all of whose 76 points could be seen: every one from cameras a, d and e, most from b, a few from c.

    One identity in five is for testing. Camera c looks at the face from the side: those noses point right.
    """
    faces = everything()
    faces = faces[~faces.hidden.any(1)]
    test = np.array([in_test(f"muct{i:03d}") for i in faces.identity])
    return faces[test if split == "test" else ~test]


def everything() -> KeypointSet:
    """All faces, with the points that a camera could not see marked in ``hidden`` and put at (0, 0)."""
    source = registered("muct")
    names, xy = _read(source.text(source.match(CSV)[0]))
    taken = np.array([name[1] != "r" for name in names])  # the file has each face a second time, mirrored
    names, xy = names[taken], xy[taken]
    cameras = np.array([name[5] for name in names])
    person = np.array([int(name[1:4]) for name in names])
    photos = {name.rpartition("/")[2]: name for name in source.match("i*.jpg")}
    return KeypointSet(
        "muct",
        xy / SIDE,
        pose=np.where(cameras == "c", "right", "front"),
        identity=np.where(person == 248, 247, person),  # identical twins
        hidden=(xy == 0).all(2),
        image=(lambda i: source.image(photos[f"{names[i]}.jpg"])) if photos else None,
        shareable=False,
    )


def recognise(source: Source) -> bool:
    readme = source.match("README.txt")
    return bool(source.match(CSV)) or any("MUCT landmarks" in source.text(name) for name in readme)


def check(source: Source) -> Report:
    """Every row is whole and inside the picture, every shot has its five cameras, and the terms of use are there."""
    report = Report()
    for name in (CSV, "README.txt"):
        if not source.match(name) and source.path.name != CSV:
            report.problems[name] = "missing" + (" (the terms of use)" if name != CSV else "")
    for name in source.match("README.txt"):
        if _TERMS_END not in source.text(name):
            report.problems[name] = "truncated: the terms of use break off"
    for name in source.match(CSV):
        _check_rows(source, name, report)
    return report


def _check_rows(source: Source, name: str, report: Report) -> None:
    try:
        names, xy = _read(source.text(name))
    except InputError as error:
        report.problems[name] = error.reason
        return
    hidden = (xy == 0).all(2)
    outside = ~hidden & ((xy < 0) | (xy > SIDE)).any(2)
    if outside.any():
        first = names[outside.any(1).argmax()]
        report.problems[name] = f"{outside.sum()} points outside the picture, the first of {first}"
    for face in names[hidden.any(1) & ~np.isin([n[-4] for n in names], ["b", "c"])]:
        report.problems[face] = "has hidden points, though camera a, d or e took it"
    seen = {_NAME.match(n).groups() for n in names}
    shots, mirrored = {shot for _, shot, _ in seen}, {r for r, _, _ in seen}
    for row in sorted(set(product(mirrored, shots, CAMERAS)) - seen):
        report.problems[f"i{''.join(row)}"] = f"missing from {name}, though other rows of that shot are there"
    taken = np.array([n[1] != "r" for n in names])
    people = len({shot[:3] for shot in shots})
    report.facts.append(
        f"{taken.sum():,} of 3,755 faces of {people} of 276 people; {hidden[taken].sum():,} hidden points"
    )


def _read(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Names (M,) and pixels (M, 76, 2); raises InputError that says where the file breaks off."""
    rows = [line.split(",") for line in text.splitlines()[1:]]
    for i, row in enumerate(rows):
        if len(row) != 2 + 2 * 76 or not _NAME.match(row[0]):
            raise InputError(CSV, f"line {i + 2} has {len(row)} values instead of 154 (truncated?)", "fetch it again")
    if not rows or not text.endswith("\n"):
        raise InputError(CSV, "truncated: the last line has no end", "fetch it again")
    try:
        return np.array([row[0] for row in rows]), np.array([row[2:] for row in rows], float).reshape(-1, 76, 2)
    except ValueError as error:
        raise InputError(CSV, f"not a number ({error})", "fetch it again") from None
