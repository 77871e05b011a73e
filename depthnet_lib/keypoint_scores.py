"""Detectors beside each other on a data set with pictures: what `depthnets evaluate rcn --data NAME` prints."""

import numpy as np

from .datasets import KeypointSet, london
from .errors import InputError
from .keypoints.score import ALL, detect_all, summary
from .layouts import to_66

# number of points -> which iBUG points they are
IBUG_IDS = {68: ALL, 66: tuple(to_66(np.arange(68)[:, None])[:, 0]), len(london.IBUG): tuple(london.IBUG)}


def score_detectors(data: KeypointSet, detectors: tuple[str, ...]) -> dict[str, dict]:
    """`summary` of each detector on the pictures of a set; all are given the same face boxes."""
    if data.image is None:
        raise InputError(data.name, "has no pictures to look for keypoints in", "choose a set that has some")
    if data.xy.shape[1] not in IBUG_IDS:
        raise InputError(data.name, f"has {data.xy.shape[1]} points, not iBUG's", "choose a set of 66 or 68 points")
    pictures = [data.image(i) for i in range(len(data))]
    side = np.array([max(picture.shape) for picture in pictures])[:, None, None]
    found = detect_all(pictures, detectors)
    return {d: summary(f, data.xy * side, IBUG_IDS[data.xy.shape[1]]) for d, f in zip(detectors, found, strict=True)}
