"""A full head around the keypoints: the embedded parametric head fitted to them, textured by the photo.

The keypoint mesh ends at the brows and the jaw; a fitted head goes on to forehead, ears and skull. Not in the paper,
whose figures use the keypoints alone.
"""

from functools import cache

import numpy as np
import torch
from scipy.interpolate import RBFInterpolator
from scipy.optimize import lsq_linear
from scipy.spatial import cKDTree

from ..affine import solve_similarity
from ..errors import InputError
from ..heads import HeadBasis, load_basis

_ROUNDS = 6
_NOISE = np.array([0.15, 0.15, 0.4])  # cm: how far keypoints and their estimated depth are from the truth
_REACH = 2.0  # cm around a keypoint in which what the fit leaves over is carried along
# The neck is cut off by a plane that rises from under the chin to the nape: photos show collars and walls there.
_CHIN, _RISE = 9.4, 0.5  # cm below the centre of the head, and how much higher a cm further back


def fit_head(x_s: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit shape, expression and pose of the embedded head to 68 keypoints (68, 2) and metric depth (68,), in pixels.

    Returns its points (P, 2) and depth (P,) in the same pixels, triangles (T, 3), and the mirror partner (P,) of each
    point. Raises InputError for another number of keypoints.

    Pose (a similarity) and shape (least squares, each direction held to its standard deviation, actions to [0, 1])
    are solved in turn; what is then left over at the keypoints is carried to the skin around them, so that the
    texture sits exactly.
    """
    if len(x_s) != 68:
        raise InputError(f"{len(x_s)} keypoints", "the head is fitted to 68", "convert them: layouts.to_68")
    basis = load_basis()
    wanted = np.column_stack([x_s, z])
    shape = np.zeros(len(basis.identity) + len(basis.actions))
    for _ in range(_ROUNDS):
        scale, rotation, shift = _pose(_landmarks(basis, shape), wanted)
        shape = _fit_shape(basis, (wanted - shift) @ rotation / scale)
    scale, rotation, shift = _pose(_landmarks(basis, shape), wanted)
    place = lambda points: scale * points @ rotation.T + shift  # noqa: E731
    n = len(basis.identity)
    kept, triangles, mirror = _head_mesh()
    vertices = place(basis.vertices(shape[:n], shape[n:])[kept])
    known = place(_landmarks(basis, shape))
    rest = (wanted - known)[:, :2]  # depth stays the head's: smoother, and no keypoint's own error in it
    carry = RBFInterpolator(known, rest, kernel="gaussian", epsilon=1 / (_REACH * scale), degree=-1, smoothing=0.02)
    return vertices[:, :2] + carry(vertices), vertices[:, 2], triangles, mirror


def fit_identity(x_s: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, float, np.ndarray, np.ndarray]:
    """The same in closed form and hence faster, without expression: identity (K,) in standard deviations, and scale,
    rotation (3, 3), shift (3,) that bring the head to keypoints x_s (68, 2) with metric depth z (68,), in pixels."""
    basis, wanted = load_basis(), np.column_stack([x_s, z])
    shape = np.zeros(len(basis.identity) + len(basis.actions))
    for _ in range(_ROUNDS // 2):
        scale, rotation, shift = _pose(_landmarks(basis, shape), wanted)
        left = ((wanted - shift) @ rotation / scale - _landmark_directions()[0]) / _NOISE
        shape[: len(basis.identity)] = (_identity_ridge() @ left.ravel()).clip(-3, 3)
    return shape[: len(basis.identity)], *_pose(_landmarks(basis, shape), wanted)


@cache
def _identity_ridge() -> np.ndarray:
    """(K, 204): least squares of noisy keypoints, each direction held to its standard deviation."""
    a = (_landmark_directions()[1][: len(load_basis().identity)] / _NOISE).reshape(-1, 204).T
    return np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T)


def _landmarks(basis: HeadBasis, shape: np.ndarray) -> np.ndarray:
    n = len(basis.identity)
    return basis.landmarks(shape[:n], shape[n:])


def _pose(landmarks: np.ndarray, wanted: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    scale, rotation, shift = solve_similarity(torch.as_tensor(landmarks), torch.as_tensor(wanted))
    return scale.item(), rotation.numpy(), shift.numpy()


def _fit_shape(basis: HeadBasis, points: np.ndarray) -> np.ndarray:
    """Identity in standard deviations and actions in [0, 1] for keypoints (68, 3) in cm of the head."""
    people, actions = len(basis.identity), len(basis.actions)
    mean, directions = _landmark_directions()
    a = (directions / _NOISE).reshape(people + actions, -1).T
    b = ((points - mean) / _NOISE).ravel()
    prior = np.diag(np.repeat([1.0, 3.0], (people, actions)))  # an action is mostly far from 1
    low, high = np.repeat([-3.0, 0.0], (people, actions)), np.repeat([3.0, 1.0], (people, actions))
    return lsq_linear(np.r_[a, prior], np.r_[b, np.zeros(people + actions)], (low, high)).x


@cache
def _landmark_directions() -> tuple[np.ndarray, np.ndarray]:
    """Mean keypoints (68, 3), and how each identity direction and each action moves them (K + A, 68, 3)."""
    basis = load_basis()
    unit = np.eye(len(basis.identity) + len(basis.actions))
    mean = _landmarks(basis, np.zeros(len(unit)))
    return mean, np.stack([_landmarks(basis, row) - mean for row in unit])


@cache
def _head_mesh() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices of face and skull (P,), their triangles (T, 3), wound like the layouts', and the mirror partner
    of each (P,)."""
    basis = load_basis()
    inside = basis.mean[:, 1] < _CHIN + _RISE * basis.mean[:, 2]
    keep = (basis.part != basis.part_names.index("lashes")) & inside[basis.triangles].all(1)
    kept, triangles = np.unique(basis.triangles[keep][:, ::-1], return_inverse=True)
    points = basis.mean[kept]
    return kept, triangles.reshape(-1, 3), cKDTree(points).query(points * [-1, 1, 1])[1]
