"""A denser, smooth mesh: cheeks that are round, not facets.

A thin-plate spline carries the frontal mean face to the keypoints (x, y and depth alike), so every extra point is a
fixed weighted sum of keypoints: the whole mesh is one matrix, computed once a layout. On the frontal face no two
points share a place, so it works on profiles too. Not in the paper, whose figures use the keypoints alone.
"""

from functools import cache

import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from ..errors import InputError
from ..layouts import LAYOUTS, Layout, delaunay, without_slivers

STEP = 0.07  # between neighbouring points, in outer interocular distances


def dense_weights(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Weights (P, N) that take keypoints to P mesh points, the keypoints first, and triangles (T, 3) of the points.

    >>> from depthnet_lib.layouts import IBUG68
    >>> weights, triangles = dense_weights(IBUG68)
    >>> weights.shape[1], bool(np.allclose(weights[:68], np.eye(68), atol=1e-6))
    (68, True)
    """
    if layout.template is None:
        raise InputError(layout.name, "has no frontal mean face to grow a denser mesh on", "use 66 or 68 points")
    return _weights(layout.n)


@cache
def _weights(n: int) -> tuple[np.ndarray, np.ndarray]:
    known = LAYOUTS[n].template
    points = np.concatenate([known, _grid(known)])
    weights = RBFInterpolator(known, np.eye(n), kernel="thin_plate_spline")(points)
    return weights, without_slivers(points, delaunay(points))


def _grid(known: np.ndarray) -> np.ndarray:
    """Points of a mirror-symmetric hexagonal grid inside the hull of the known ones, none of them close to those."""
    reach = np.abs(known).max() + STEP
    rows = np.arange(-reach, reach, STEP * np.sqrt(0.75))
    columns = np.arange(0, reach, STEP)
    right = [(x + STEP / 2 * (i % 2), y) for i, y in enumerate(rows) for x in columns]
    points = np.array([(side * x, y) for x, y in right for side in ((1, -1) if x else (1,))])
    hull = ConvexHull(known).equations
    inside = (points @ hull[:, :2].T + hull[:, 2] < -STEP / 3).all(1)
    apart = np.linalg.norm(points[:, None] - known, axis=2).min(1) > 0.6 * STEP
    return points[inside & apart]
