"""From heads in centimetres to square pictures: rotation, perspective, and a crop around the keypoints."""

from dataclasses import dataclass

import numpy as np

from .sampler import Shots


def rotation(angles: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotations for yaw, pitch, roll (..., 3) in degrees: yaw about the head's own axis, then pitch, then
    roll about the camera's. Positive angles turn the nose to the picture's right, down, and the head clockwise."""
    yaw, pitch, roll = np.moveaxis(np.deg2rad(angles), -1, 0)
    return _turn(roll, 0, 1) @ _turn(pitch, 2, 1) @ _turn(yaw, 2, 0)


def _turn(angle: np.ndarray, a: int, b: int) -> np.ndarray:
    """(..., 3, 3) rotations that carry axis a toward axis b."""
    r = np.zeros((*angle.shape, 3, 3)) + np.eye(3)
    r[..., a, a] = r[..., b, b] = np.cos(angle)
    r[..., b, a], r[..., a, b] = np.sin(angle), -np.sin(angle)
    return r


@dataclass(frozen=True)
class Cameras:
    """M perspective cameras looking along -z at the head's origin, and the square that each keeps.

    ``rotation`` (M, 3, 3) of the head; ``distance`` (M,) in cm; ``corner`` (M, 2) and ``side`` (M,) of the square in
    cm of the plane z = 0.
    """

    rotation: np.ndarray
    distance: np.ndarray
    corner: np.ndarray
    side: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Points (M, P, 3) in cm of the head -> (M, P, 3): x and y in [0, 1] of the picture, z in the same unit."""
        turned = _turned(points, self.rotation)
        flat = _perspective(turned, self.distance)
        xy = (flat - self.corner[:, None]) / self.side[:, None, None]
        return np.concatenate([xy, turned[..., 2:] / self.side[:, None, None]], -1)


def cameras(shots: Shots, landmarks: np.ndarray) -> Cameras:
    """The camera of each shot, its square laid around the projected landmarks (M, 68, 3)."""
    r = rotation(shots.angles)
    flat = _perspective(_turned(landmarks, r), shots.distance)
    low, high = flat.min(1), flat.max(1)
    side = shots.margin * (high - low).max(1)
    centre = (low + high) / 2 - shots.shift * side[:, None]
    return Cameras(r, shots.distance, centre - side[:, None] / 2, side)


def _turned(points: np.ndarray, r: np.ndarray) -> np.ndarray:
    return points @ r.mT


def _perspective(turned: np.ndarray, distance: np.ndarray) -> np.ndarray:
    return turned[..., :2] * (distance[:, None] / (distance[:, None] - turned[..., 2]))[..., None]
