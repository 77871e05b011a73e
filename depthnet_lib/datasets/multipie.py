"""CMU Multi-PIE: people seen by 15 cameras at once. Names say all: SUBJECT_SESSION_RECORDING_CAMERA_LIGHT.png.

Keypoints are detected (photos.py). The camera gives the size of the turn; its side is read off the keypoints.
"""

import re
from dataclasses import replace
from itertools import product

import numpy as np

from .base import KeypointSet, in_test, pose_of_yaw
from .photos import check_pictures, detected, pictures
from .sources import Source
from .store import Report, registered

NAME = re.compile(r"(\d{3})_(\d{2})_(\d{2})_(\d{3})_(\d{2})\.(?:png|jpg)$")
# camera -> degrees between it and the frontal one; 081 and 191 hang above
TURN = {"051": 0, "050": 15, "140": 15, "041": 30, "130": 30, "190": 45, "080": 45, "200": 60, "090": 60}
TURN |= {"010": 75, "120": 75, "240": 90, "110": 90, "081": 45, "191": 45}


def load(split: str) -> KeypointSet:
    """Pictures whose keypoints were detected, one flash in front (07) where there are several lights of a moment."""
    source = registered("multipie")
    fields = {name: m.groups() for name in pictures(source) if (m := NAME.search(name))}
    names = [n for n, f in fields.items() if in_test(f[0]) == (split == "test")]
    moments: dict[tuple, str] = {}
    for name in names:  # the lights of a moment differ by 0.7 s at most: one keypoint set serves them all
        if fields[name][4] == "07" or fields[name][:4] not in moments:
            moments[fields[name][:4]] = name
    names = sorted(moments.values())
    faces = detected(f"multipie:{split}", source, names, np.arange(len(names)))
    of_face = [fields[names[i]] for i in faces.identity]  # those whose keypoints were found
    turn = np.array([TURN[camera] for _, _, _, camera, _ in of_face])
    return replace(faces, identity=np.array([int(f[0]) for f in of_face]), pose=_poses(faces.xy, turn))


def recognise(source: Source) -> bool:
    return any(NAME.search(name) for name in pictures(source))


def check(source: Source) -> Report:
    """Pictures are whole; each moment that one camera saw has all its lights; cameras are known."""
    report = Report()
    names = [name for name in pictures(source) if NAME.search(name)]
    check_pictures(source, names, report)
    fields = [NAME.search(name).groups() for name in names]
    report.problems |= {n: f"unknown camera {f[3]}" for n, f in zip(names, fields, strict=True) if f[3] not in TURN}
    lights = {f[4] for f in fields}
    for name in sorted(set(product({f[:4] for f in fields}, lights)) - {(f[:4], f[4]) for f in fields}):
        report.problems["_".join((*name[0], name[1]))] = "missing, though other lights of that moment are here"
    people, sessions = len({f[0] for f in fields}), len({f[1] for f in fields})
    report.facts.append(f"{len(names):,} pictures of {people} of 337 people, {sessions} of 4 sessions")
    return report


def _poses(xy: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The camera's angle, with the sign of where the tip of the nose lies between the ends of the jaw (68 points)."""
    right = xy[:, 30, 0] > xy[:, [0, 16], 0].mean(1)
    return pose_of_yaw(np.where(right, turn, -turn))
