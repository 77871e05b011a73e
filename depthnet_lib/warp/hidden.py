"""Where the picture of a face has no texture to give, and what to put there.

A turned face shows skin that the photo saw at a glancing angle or not at all. OpenGL stretches what it has
(the artefacts of the paper's supplement S.4.3). Here those pixels are marked, for repair, or filled from the other
half of the same face, which is nearly symmetric.
"""

import numpy as np

from ..errors import InputError
from ..layouts import double_area
from . import cpu
from .drawing import draw
from .mesh import Mesh

THIN = 1 / 3  # source pixels for each target pixel, against the mesh's median: below, texture counts as missing
_INSET = 0.03  # of the face's size: how far inside of a profile its texture is taken
_PROFILE = (0.5, 0.1)  # what a photo shows of one half over the other: from where, and below which fully, it is one
_BEHIND = 0.04  # of the face's size: how far behind the visible surface a point of the source counts as covered


def texture_density(source: np.ndarray, xyz: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(T,) source pixels for each target pixel; 0 for a triangle that faces away in the source.

    source (N, 2) in source pixels, xyz (N, 2 or 3) in target pixels, triangles (T, 3) wound as in the layouts: of
    positive area where they face the viewer.
    """
    from_area = np.maximum(double_area(source[triangles]), 0)
    to_area = np.abs(double_area(xyz[triangles, :2]))
    return from_area / np.maximum(to_area, 1e-3)


def hidden_mask(mesh: Mesh, m: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) True where a face warped by m (2, 4) shows texture that the source does not have.

    size (height, width) of the result. A pixel is marked where its triangle faces away, in the source or in the
    result, where its texture is stretched thin, and where its point lay behind another part of the face in the
    source.
    """
    xyz, triangles = mesh.turned(m), mesh.triangles
    owner = cpu.triangle_map(xyz, triangles, size)
    density = texture_density(mesh.points, xyz, triangles)
    usual = np.median(density[density > 0]) if (density > 0).any() else 1.0
    thin = _smooth(density, xyz, triangles, owner) < THIN * usual
    away = (double_area(xyz[triangles, :2]) <= 0) | (density == 0)
    return (owner >= 0) & (thin | away[owner] | _covered_in_source(mesh, xyz, owner))


def fill_from_mirror(
    image: np.ndarray, mesh: Mesh, m: np.ndarray, size: tuple[int, int] | None = None, backend: str = "auto"
) -> np.ndarray:
    """A face warped by m (2, 4), RGBA (H, W, 4), its thin texture taken from the other half of the face.

    image (H, W, 3); the arguments are those of `warp`. The mirror's share grows smoothly from 0 where it has 1.5 times
    the texture to 1 where it has 3 times as much: on a frontal photo nothing changes. In a profile the middle of the
    face is the outline, where a keypoint a pixel off takes the wall: its texture comes from a little further inside.
    """
    if mesh.partners is None:
        raise InputError(f"{len(mesh.points)} points", "have no mirror partners", "use 66 or 68 keypoints")
    xyz, triangles = mesh.turned(m), mesh.triangles
    inset = _inset(mesh)
    own = draw(image, xyz, mesh.points + inset, triangles, size, backend=backend)
    other = draw(image, xyz, mesh.partners + inset, triangles, size, backend=backend)
    flipped = mesh.partners * [-1, 1]  # a mirror image turns triangles over; only areas matter here
    gain = texture_density(flipped, xyz, triangles) / np.maximum(texture_density(mesh.points, xyz, triangles), 1e-6)
    share = smoothstep(np.log2(np.maximum(gain, 1e-6) / 1.5))
    owner = cpu.triangle_map(xyz, triangles, own.shape[:2])
    share = np.nan_to_num(_smooth(share, xyz, triangles, owner)).clip(0, 1)[..., None]
    own[..., :3] = np.rint(own[..., :3] * (1 - share) + other[..., :3] * share)
    return own


def _inset(mesh: Mesh) -> np.ndarray:
    """(P, 2): for points in the middle of the face, the way to the half that the photo shows, the longer the more of a
    profile it is; else 0."""
    corners = mesh.points[mesh.triangles]
    one, other = (double_area(p[mesh.triangles]).clip(0) for p in (mesh.points, mesh.partners * [-1, 1]))
    shown = np.minimum(one, other).sum() / max(np.maximum(one, other).sum(), 1e-9)
    middle = np.isclose(mesh.points, mesh.partners).all(1)
    if not middle.any() or shown > _PROFILE[0]:
        return np.zeros_like(mesh.points)
    there = np.average(corners.mean(1), axis=0, weights=one * (one > other)) - mesh.points[middle].mean(0)
    way = smoothstep((_PROFILE[0] - shown) / (_PROFILE[0] - _PROFILE[1])) * _INSET * np.ptp(mesh.points, 0).max()
    return middle[:, None] * way * there / np.linalg.norm(there)


def _covered_in_source(mesh: Mesh, xyz: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Shadow mapping: the source's own depth, looked up at the place that each pixel takes its colour from."""
    x_s, z, triangles = mesh.points, mesh.depth, mesh.triangles
    source = np.column_stack([x_s, z])
    low = x_s.min(0)
    scale = 256 / max(np.ptp(x_s, 0).max(), 1e-9)  # the source is drawn 256 pixels high, whatever its size
    small = np.column_stack([(x_s - low) * scale, z])
    seen = cpu.triangle_map(small, triangles, (257, 257))
    surface = cpu.interpolate(small[:, 2:], small, triangles, seen)[..., 0]
    at = cpu.interpolate(source, xyz, triangles, owner)
    y, x = np.nonzero(owner >= 0)
    column, row = np.rint((at[y, x, :2] - low) * scale).astype(int).clip(0, 256).T
    gap = np.nan_to_num(surface[row, column] - at[y, x, 2], nan=0.0)
    covered = np.zeros(owner.shape, bool)
    covered[y, x] = gap > _BEHIND * np.ptp(x_s, 0).max()
    return covered


def _smooth(values: np.ndarray, xyz: np.ndarray, triangles: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(H, W) of triangle values (T,): their area-weighted mean around each vertex, interpolated; NaN outside."""
    weight = np.repeat(np.abs(double_area(xyz[triangles, :2])) + 1e-9, 3)
    total = np.bincount(triangles.ravel(), weight * np.repeat(values, 3), len(xyz))
    means = total / np.maximum(np.bincount(triangles.ravel(), weight, len(xyz)), 1e-9)
    return cpu.interpolate(means[:, None], xyz, triangles, owner)[..., 0]


def smoothstep(t: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, and in between a slope that starts and ends level."""
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
