"""Facial keypoints: detectors behind one interface, and the files that points are kept in."""

from .detect import DETECTORS, Face, detect, find_face, points_in
from .files import read_affine, read_depth, read_points, write_affine, write_depth, write_points

__all__ = [
    "DETECTORS",
    "Face",
    "detect",
    "find_face",
    "points_in",
    "read_affine",
    "read_depth",
    "read_points",
    "write_affine",
    "write_depth",
    "write_points",
]
