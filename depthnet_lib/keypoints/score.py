"""How far found keypoints are from true ones."""

import numpy as np

from ..layouts import layout_of


def nme(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(M,) normalised mean error: distances of (M, N, 2) points, averaged over N, by the distance of the eye centres.

    Of a head in profile that distance nearly vanishes in the picture: there use `nme_box`.
    """
    right, left = (true[:, list(group)].mean(1) for group in layout_of(true.shape[1]).eyes)
    return _mean_error(found, true) / np.linalg.norm(right - left, axis=1)


def nme_box(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """(M,) the same by the root of the area of the true points' bounding box, as AFLW2000-3D is scored."""
    return _mean_error(found, true) / np.sqrt(np.ptp(true, axis=1).prod(1))


def _mean_error(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.linalg.norm(found - true, axis=2).mean(1)
