"""Detectors beside each other on rendered heads and real photos: what `depthnets evaluate rcn` prints."""

from collections.abc import Iterable

import numpy as np

from .datasets import KeypointSet, load, london
from .errors import InputError
from .keypoints.detect import Detector
from .keypoints.score import ALL, detect_all, summary
from .layouts import to_66

# held-out renders to 60 degrees and to profiles, and real photos
REFERENCE = ("anny-images:test", "anny-wide:test", "aflw2000:all", "london:all")
# number of points -> which iBUG points they are
IBUG_IDS = {68: ALL, 66: tuple(to_66(np.arange(68)[:, None])[:, 0]), len(london.IBUG): tuple(london.IBUG)}
_HEAD = ("data", "reference", "detector", "found", "NME %", "median", "frontal", "turned", "box %", "median")

Table = dict[str, dict[str, dict]]  # data set -> detector -> scores


def reference_table(detectors: dict[str, str | Detector]) -> Table:
    """The scores on every set of REFERENCE that is on this machine, and agreement on all London photos."""
    table = {}
    for name in REFERENCE:
        try:
            faces = load(name)
        except InputError:  # not on this machine
            continue
        table[name] = score_detectors(faces, detectors)
        if name.startswith("london"):
            table["london, all photos"] = agreement(list(london.photos().values()), detectors)
    return table


def score_detectors(data: KeypointSet, detectors: dict[str, str | Detector]) -> dict[str, dict]:
    """`summary` of each detector on the pictures of a set; all are given the same face boxes."""
    if data.image is None:
        raise InputError(data.name, "has no pictures to look for keypoints in", "choose a set that has some")
    if data.xy.shape[1] not in IBUG_IDS:
        raise InputError(data.name, f"has {data.xy.shape[1]} points, not iBUG's", "choose a set of 66 or 68 points")
    pictures = [data.image(i) for i in range(len(data))]
    side = np.array([max(picture.shape) for picture in pictures])[:, None, None]
    found = detect_all(pictures, list(detectors.values()))
    ids = IBUG_IDS[data.xy.shape[1]]
    reference = {"reference": f"{len(ids)} points"}
    return {d: reference | summary(f, data.xy * side, ids, data.pose) for d, f in zip(detectors, found, strict=True)}


def agreement(pictures: list[np.ndarray], detectors: dict[str, str | Detector]) -> dict[str, dict]:
    """How far the other detectors are from dlib's points on photos without a reference."""
    others = {name: detector for name, detector in detectors.items() if name != "dlib"}
    true, *found = detect_all(pictures, ["dlib", *others.values()])
    both = np.isfinite(true).all((1, 2))
    return {d: {"reference": "dlib"} | summary(f[both], true[both]) for d, f in zip(others, found, strict=True)}


def table_lines(table: Table) -> list[str]:
    """The table in columns. NME: mean error by the distance of the eyes; box: by the size of the face's box."""
    rows = [_HEAD, *_rows(table)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(c.ljust(w) if k < 3 else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True)))
            for row in rows]  # fmt: skip


def table_markdown(table: Table) -> str:
    """The same as a table of Markdown, for notebooks."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (_HEAD, ("---",) * len(_HEAD), *_rows(table)))


def _rows(table: Table) -> Iterable[tuple[str, ...]]:
    for name, scores in table.items():
        for detector, s in scores.items():
            pose = {k: f"{v:.2f}" for k, v in s["nme_by_pose"].items()}
            eyes, box = ((f"{s[k]['mean']:.2f}", f"{s[k]['median']:.2f}") for k in ("nme", "nme_box"))
            found = f"{s['found']} of {s['photos']}"
            yield name, s["reference"], detector, found, *eyes, pose.get("frontal", "-"), pose.get("turned", "-"), *box
