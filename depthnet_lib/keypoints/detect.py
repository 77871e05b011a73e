"""A photo in, the 68 iBUG points of its faces out: step 1 of the paper's pipeline, one interface to all detectors."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..images import read_image
from .boxes import find_boxes

Detector = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (image, boxes (F, 4)) -> points (F, 68, 2)
DETECTORS = {"dlib": "dlib68", "rcn": "rcn"}  # name -> module of this package whose `points` is a Detector


@dataclass(frozen=True)
class Face:
    """``box`` (4,) x0 y0 x1 y1 and ``points`` (68, 2), in pixels, (0, 0) the centre of the top-left one."""

    box: np.ndarray
    points: np.ndarray


def detect(image: np.ndarray, detector: str | Detector = "dlib") -> list[Face]:
    """All faces of RGB uint8 (H, W, 3), largest first."""
    boxes = find_boxes(image)
    return [Face(*pair) for pair in zip(boxes, points_in(image, boxes, detector), strict=True)]


def find_face(photo: str | Path | np.ndarray, detector: str | Detector = "dlib", name: object = "picture") -> Face:
    """The largest face of a picture file, or of RGB uint8 (H, W, 3) that errors call ``name``.

    Raises InputError where there is none.
    """
    is_array = isinstance(photo, np.ndarray)
    faces = detect(photo if is_array else read_image(photo), detector)
    if not faces:
        remedy = "give a photo with a visible face, at least 20 pixels wide, or its keypoints in a file"
        raise InputError(name if is_array else photo, "no face found", remedy)
    return faces[0]


def points_in(image: np.ndarray, boxes: np.ndarray, detector: str | Detector = "dlib") -> np.ndarray:
    """(F, 68, 2) iBUG points of the faces in known ``boxes`` (F, 4) of RGB uint8 (H, W, 3).

    ``detector`` is a name, or a function of your own that does the same. Raises InputError for other names.
    """
    if callable(detector):
        return detector(image, boxes)
    if detector not in DETECTORS:
        raise InputError(detector, "unknown keypoint detector", f"use one of: {', '.join(DETECTORS)}")
    return import_module(f".{DETECTORS[detector]}", __package__).points(image, boxes)
