"""Keypoint layouts: which point is which, mirror pairs, outlines to draw, triangles to texture.

68 points follow iBUG (300-W): 0-16 jaw, 17-26 brows, 27-35 nose, 36-47 eyes, 48-59 outer lips, 60-67 inner lips;
"right" and "left" are the person's, so point 0 is at the left edge of the picture. 3DFAW's 66 points are the same
without the two inner corners of the mouth (60 and 64). MUCT's 76 points: 0-14 jaw, 15-26 brows, 27-36 and 68-75 eyes
with pupils, 37-47 and 67 nose, 48-66 mouth.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial import Delaunay

from .errors import InputError

# Frontal mean face, in hundredths of the outer interocular distance, x right, y down: the neutral face of
# ICT-FaceKit (MIT) at the 68 points, made symmetric, the mouth opened a little so that the inner lips have an inside.
# Only triangles and example drawings depend on it.
_TEMPLATE_68 = """
-83,-44 -82,-20 -78,2 -74,24 -64,47 -48,67 -34,75 -17,78 0,82 17,78 34,75 48,67 64,47 74,24 78,2 82,-20 83,-44
-65,-61 -55,-70 -43,-73 -27,-72 -13,-69 13,-69 27,-72 43,-73 55,-70 65,-61
0,-45 0,-32 0,-21 0,-7 -14,10 -7,10 0,11 7,10 14,10
-50,-41 -43,-46 -31,-47 -21,-39 -31,-38 -43,-37 21,-39 31,-47 43,-46 50,-41 43,-37 31,-38
-28,37 -19,28 -8,24 0,25 8,24 19,28 28,37 20,46 12,50 0,51 -12,50 -20,46
-25,37 -11,34 0,34 11,34 25,37 12,40 0,41 -12,40
"""
_INNER_MOUTH_CORNERS = (60, 64)


@dataclass(frozen=True)
class Layout:
    """Names and structure of N keypoints.

    ``mirror`` (N,) is the point that each point becomes when the picture is flipped; ``near`` and ``far`` are points
    of which the first are closer to a viewer in front of the face (they fix the sign of depth); ``eyes`` are the two
    groups of points whose means are the eye centres (the interocular distance); all empty where the layout does not
    know them. ``lines`` are polylines to draw.
    """

    name: str
    n: int
    mirror: tuple[int, ...] = ()
    near: tuple[int, ...] = ()
    far: tuple[int, ...] = ()
    eyes: tuple[tuple[int, ...], ...] = ()
    lines: tuple[tuple[int, ...], ...] = ()
    template: np.ndarray | None = None

    @cached_property
    def triangles(self) -> np.ndarray:
        """(T, 3) int32: Delaunay triangles of the frontal mean face, without those that only close the gaps of its
        outline (all corners on the jaw, or all on the brows): there is no face there."""
        if self.template is None:
            raise InputError(self.name, "has no triangles of its own", "use mesh_triangles(layout, keypoints)")
        jaw, right_brow, left_brow = (set(line) for line in self.lines[:3])
        outline = (jaw, right_brow | left_brow)
        tri = delaunay(self.template)
        return tri[[not any(set(t) <= part for part in outline) for t in tri.tolist()]]


def double_area(corners: np.ndarray) -> np.ndarray:
    """(T,) twice the signed area of triangles given by their corners (T, 3, 2); negative where one is flipped."""
    (ux, uy), (vx, vy) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    return ux * vy - uy * vx


def delaunay(points: np.ndarray) -> np.ndarray:
    """(T, 3) int32 Delaunay triangles of (N, 2) points, in a fixed order and one orientation."""
    tri = Delaunay(points).simplices
    tri = np.where(double_area(points[tri])[:, None] < 0, tri[:, ::-1], tri)
    tri = np.stack([np.roll(t, -int(np.argmin(t))) for t in tri])
    return tri[np.lexsort(tri.T[::-1])].astype(np.int32)


def without_slivers(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Peel thin triangles off the outline of a mesh; thin ones inside stay, or the mesh would have holes."""
    corners = points[triangles]
    longest = ((corners - np.roll(corners, 1, axis=1)) ** 2).sum(2).max(1)
    thin = np.abs(double_area(corners)) < 0.06 * longest
    while True:
        edges = np.sort(np.stack([triangles, np.roll(triangles, 1, axis=1)], -1), -1)  # (T, 3, 2)
        _, index, count = np.unique(edges.reshape(-1, 2), axis=0, return_inverse=True, return_counts=True)
        outline = (count[index] == 1).reshape(-1, 3).any(1)
        if not (thin & outline).any():
            return triangles
        triangles, thin = triangles[~(thin & outline)], thin[~(thin & outline)]


def _ibug68() -> Layout:
    template = np.array([p.split(",") for p in _TEMPLATE_68.split()], float) / 100
    span = lambda a, b: tuple(range(a, b))  # noqa: E731
    reverse = lambda *groups: tuple(i for a, b in groups for i in range(a, b, -1))  # noqa: E731
    mirror = reverse((16, -1), (26, 16)) + span(27, 31) + reverse((35, 30), (45, 41), (47, 45), (39, 35), (41, 39))
    mirror += reverse((54, 47), (59, 54), (64, 59), (67, 64))
    closed = lambda a, b: (*range(a, b), a)  # noqa: E731
    lines = (span(0, 17), span(17, 22), span(22, 27), span(27, 31), span(31, 36))
    lines += (closed(36, 42), closed(42, 48), closed(48, 60), closed(60, 68))
    eyes = (span(36, 42), span(42, 48))
    return Layout("ibug68", 68, mirror, (29, 30, 33), (0, 1, 2, 14, 15, 16), eyes, lines, template)


def _subset(parent: Layout, name: str, drop: tuple[int, ...]) -> Layout:
    keep = [i for i in range(parent.n) if i not in drop]
    new = {old: i for i, old in enumerate(keep)}
    pick = lambda ids: tuple(new[i] for i in ids if i in new)  # noqa: E731
    mirror = tuple(new[parent.mirror[i]] for i in keep)
    lines, eyes = tuple(map(pick, parent.lines)), tuple(map(pick, parent.eyes))
    return Layout(name, len(keep), mirror, pick(parent.near), pick(parent.far), eyes, lines, parent.template[keep])


def _muct76() -> Layout:
    """No template of its own: its triangles are the Delaunay triangles of each face's keypoints."""
    pairs = [(i, 14 - i) for i in range(7)]  # jaw
    pairs += [(21 + i, 15 + i) for i in range(6)]  # brows: outer end, over the top, inner end, back below
    pairs += [(27 + i, 32 + i) for i in range(5)] + [(68 + i, 72 + i) for i in range(4)]  # eyes and pupils
    pairs += [(37, 45), (38, 44), (39, 43), (40, 42), (46, 47)]  # nose
    pairs += [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 62), (63, 65)]  # mouth
    mirror = list(range(76))
    for right, left in pairs:
        mirror[right], mirror[left] = left, right
    eyes = ((27, 28, 29, 30, 68, 69, 70, 71), (32, 33, 34, 35, 72, 73, 74, 75))
    lines = (tuple(range(15)), (21, 22, 23, 24, 25, 26, 21), (15, 16, 17, 18, 19, 20, 15))
    lines += ((27, 68, 28, 69, 29, 70, 30, 71, 27), (34, 73, 33, 72, 32, 75, 35, 74, 34))
    lines += ((37, 38, 39, 40, 41, 42, 43, 44, 45), (*range(48, 60), 48), (48, 65, 64, 63, 54, 62, 61, 60, 48))
    return Layout("muct76", 76, tuple(mirror), (41, 46, 47, 67), (0, 1, 2, 12, 13, 14), eyes, lines)


IBUG68 = _ibug68()
FAW66 = _subset(IBUG68, "3dfaw66", _INNER_MOUTH_CORNERS)
MUCT76 = _muct76()
LAYOUTS = {layout.n: layout for layout in (IBUG68, FAW66, MUCT76)}


FARTHEST = 1 << 21  # pixels: no picture reaches beyond, and neither do the numbers of the warp


def layout_of(n: int) -> Layout:
    """The layout of n keypoints; for a number that has none, a plain one without names or mirror pairs."""
    if n < 4:
        raise InputError(f"{n} keypoints", "an affine needs at least 4", "give more points")
    return LAYOUTS.get(n) or Layout(f"plain{n}", n)


def mesh_triangles(layout: Layout, keypoints: np.ndarray) -> np.ndarray:
    """(T, 3) triangles for a face: the layout's own, else the Delaunay triangles of its keypoints (N, 2)."""
    return layout.triangles if layout.template is not None else delaunay(np.asarray(keypoints, float))


def to_66(points: np.ndarray) -> np.ndarray:
    """(..., 68, D) iBUG points -> (..., 66, D) 3DFAW points."""
    points = np.asarray(points)
    if points.shape[-2] != 68:
        raise InputError(f"{points.shape[-2]} keypoints", "68 expected", "convert from the iBUG layout")
    return np.delete(points, _INNER_MOUTH_CORNERS, axis=-2)


def to_68(points: np.ndarray) -> np.ndarray:
    """(..., 66, D) 3DFAW points -> (..., 68, D) iBUG points.

    The two missing inner corners of the mouth are placed between the outer corner and the middle of the inner lips,
    in the proportion of the mean face; going back with `to_66` returns the input exactly.
    """
    points = np.asarray(points, float)
    if points.shape[-2] != 66:
        raise InputError(f"{points.shape[-2]} keypoints", "66 expected", "convert from the 3DFAW layout")
    full = np.insert(points, [60, 63], 0.0, axis=-2)
    middle = full[..., [61, 62, 63, 65, 66, 67], :].mean(-2)
    x, centre = IBUG68.template[:, 0], IBUG68.template[[61, 62, 63, 65, 66, 67], 0].mean()
    for inner, outer in zip(_INNER_MOUTH_CORNERS, (48, 54), strict=True):
        share = (x[inner] - centre) / (x[outer] - centre)
        full[..., inner, :] = middle + share * (full[..., outer, :] - middle)
    return full
