"""What is textured: the keypoints themselves, a denser smooth mesh, or a full head; all three are used alike."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..layouts import layout_of, mesh_triangles
from .dense import dense_weights
from .geometry import turned
from .head import fit_head


@dataclass(frozen=True)
class Mesh:
    """Points (P, 2) and depth (P,) in the photo's pixels, triangles (T, 3), and ``partners`` (P, 2): where each
    point's mirror partner on the face lies in the same photo; None where the keypoint layout has no mirror pairs."""

    points: np.ndarray
    depth: np.ndarray
    triangles: np.ndarray
    partners: np.ndarray | None = None

    def turned(self, m: np.ndarray) -> np.ndarray:
        """(P, 3): the points after the affine m (2, 4), see `geometry.turned`."""
        return turned(self.points, self.depth, m)


def keypoint_mesh(x_s: np.ndarray, z: np.ndarray) -> Mesh:
    """The paper's mesh: the keypoints (N, 2) with depth (N,), their layout's triangles."""
    layout = layout_of(len(x_s))
    partners = x_s[list(layout.mirror)] if layout.mirror else None
    return Mesh(x_s, z, mesh_triangles(layout, x_s), partners)


def dense_mesh(x_s: np.ndarray, z: np.ndarray) -> Mesh:
    """The same face with some 400 points more, round instead of faceted (see `dense`); 66 or 68 keypoints."""
    layout = layout_of(len(x_s))
    weights, triangles = dense_weights(layout)
    return Mesh(weights @ x_s, weights @ z, triangles, weights @ x_s[list(layout.mirror)])


def head_mesh(x_s: np.ndarray, z: np.ndarray) -> Mesh:
    """A full head fitted to 68 keypoints and their metric depth (see `head`)."""
    points, depth, triangles, mirror = fit_head(x_s, z)
    return Mesh(points, depth, triangles, points[mirror])


MESHES: dict[str, Callable[[np.ndarray, np.ndarray], Mesh]] = {
    "keypoints": keypoint_mesh,
    "dense": dense_mesh,
    "head": head_mesh,
}


def make_mesh(kind: str, x_s: np.ndarray, z: np.ndarray) -> Mesh:
    """The mesh of a name of `MESHES` for keypoints x_s (N, 2) and depth z (N,) in the photo's pixels."""
    if kind not in MESHES:
        raise InputError(kind, "unknown mesh", "use one of: " + ", ".join(MESHES))
    return MESHES[kind](np.asarray(x_s, float), np.asarray(z, float))
