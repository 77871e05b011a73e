"""Where the warp puts the keypoints: the affine of the paper with its third row, and affines that turn by angles."""

import numpy as np

from ..heads.camera import rotation


def third_row(m: np.ndarray) -> np.ndarray:
    """(..., 3): the row that completes the 3 x 3 part of the affine m (..., 2, 4), a x b of its rows a and b.

    Two points that m puts on the same pixel differ by a multiple of a x b, so *every* completion orders them alike,
    up to one sign for all; which makes the order of overlaps independent of how depth is scaled or tilted. The cross
    product is the sign of a rotation: for the identity it gives (0, 0, 1), the source's own depth.
    """
    return np.cross(m[..., 0, :3], m[..., 1, :3])


def turned(x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> np.ndarray:
    """(..., N, 3): the keypoints after the affine. x and y in pixels (equation 1), z grows toward the viewer.

    x_s (..., N, 2) in pixels, z (..., N), m (..., 2, 4). The unit of the third column is arbitrary: only its order
    is used, by the z-buffer.
    """
    points = np.concatenate([x_s, z[..., None]], -1)
    rows = np.concatenate([m[..., :3], third_row(m)[..., None, :]], -2)
    shift = np.concatenate([m[..., 3], np.zeros_like(m[..., :1, 3])], -1)
    return points @ np.swapaxes(rows, -1, -2) + shift[..., None, :]


def turn(
    x_s: np.ndarray, z: np.ndarray, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, scale: float = 1.0
) -> np.ndarray:
    """The affine m (2, 4) that turns a face by angles in degrees about its keypoints' mean.

    x_s (N, 2) in pixels and z (N,) metric depth in the same pixels. Positive angles take the nose to the right of the
    picture, down, and turn the picture clockwise, as for the embedded heads. The mean stays where it is, so that a
    sweep of angles turns on the spot.
    """
    centre = np.append(np.mean(x_s, 0), np.mean(z))
    linear = scale * rotation(np.array([yaw, pitch, roll]))[:2]
    return np.column_stack([linear, centre[:2] - linear @ centre])
