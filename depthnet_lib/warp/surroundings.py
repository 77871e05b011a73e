"""What is around a face, pulled along with it when it is turned to the viewer: hair, ears, neck, and the wall behind.

The paper leaves the picture around a frontalized face as it was (supplement S.4), and repair must make a head of the
two. Here the picture is bent first, in closed form: a head is fitted to the keypoints; its forehead, ears and throat,
and its outline level by level from crown to collar, are carried from where they lie in the photo to where the turned
head has them, and the picture's border stays; between these a smooth field interpolates (with a mesh: Zhu and others,
2015). What the photo hides is lent by the other half, as in `warp.hidden`. No outline of the hair is known: it is taken
to lie a little outside of the skull.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from ..heads import load_basis
from .geometry import turned
from .head import fit_identity
from .hidden import smoothstep

_LEVELS = np.arange(-11.0, 12.0, 1.5)  # cm below the ears, where the outline is taken: crown to neck
# From each level on: how far outside of the skin the outline runs, in cm, in a turned photo and after the turn. In
# the photo it is rather wall than hair, lest a rim of the head be drawn out over the wall.
_MARGINS = {-np.inf: (1.2, 0.9), -1: (1.0, 0.2), 5: (1.2, 0.2), 11: (0.8, 0.3)}  # hair, ears, jaw, neck
_CHIN, _THROAT = 10.0, 1.0  # cm: below the chin the outline is that of the neck, which reaches no further forward
_AXIS = np.array([0.0, 0.0, -4.0])  # cm: the neck's axis passes behind the ears
_SHOULDERS = np.array([[8.0, 15], [16, 18]])  # cm beside and below that
_HEAD_POINTS, _NECK_POINTS = 60, 25  # places of the skin that are followed, spread evenly
_FACING = 0.1  # cosine to the viewer from which skin counts as seen after the turn
_CLEAR = 0.3  # of the head's half width: how near to it the picture's border is let go
_SMOOTHING = 2.0  # lets anchors that are close to each other differ
_GRID = 128  # places along a side where the field is evaluated; it is smooth in between
_TURNED = (8.0, 20.0)  # degrees of yaw from which, and beyond which fully, the other half is shown
_OFF = 0.15  # of the head's half width: beyond, outside of the hair, there is wall
_EDGE = 0.08  # of the head's half width: width of the seam between the head and wall that is lent
_FADE = 1 / 48  # of the picture: width of the seam where the wall beyond the border begins
_WALL = 0.06  # of the picture: how far wall is smeared to where neither half shows any


def surroundings(image: np.ndarray, x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture (H, W, 3) around a face with 68 keypoints x_s (68, 2) and metric depth z (68,), both in pixels, after
    m (2, 4) turned it to the viewer (`frontal`).

    Returns RGB uint8 (H, W, 3), meaningless where the face itself will be, and (H, W) True where that is the photo's
    own wall or long hair: off the head, above the shoulders, and not lent.
    """
    height, width = size = image.shape[:2]
    head = _anchors(x_s, z, m, size)
    source = _field(head, size)
    moved = _sampled(image, source)
    middle = turned(x_s, z, m)[:, 0].mean()
    mirror = np.stack(np.meshgrid(2 * middle - np.arange(width), np.arange(height)), -1)
    beyond = _outside(head.outline_after, size) / head.half_width
    lost = _lost_wall(head, source, beyond)
    lost_twice = lost * _sampled(lost, mirror)
    lent = np.maximum(_hidden_half(head, middle, beyond), lost - lost_twice)
    around = moved * (1 - lent[..., None]) + _sampled(moved, mirror) * lent[..., None]
    above = np.arange(height)[:, None] < max(0, head.shoulders)
    wall, found = _smeared(moved, (beyond > 0) & (lost < 0.05) & above)
    share = (lost_twice * (beyond > 0) * found)[..., None]
    around = around * (1 - share) + wall * share
    return np.rint(around).astype(np.uint8), (beyond > _OFF) & above & (np.maximum(lost, lent) < 0.01)


@dataclass(frozen=True)
class _Anchors:
    """Points of the photo ``before`` (A, 2) and ``after`` (A, 2) the turn; the outline of head and neck from one
    shoulder to the other, before and after (P, 2), and the keypoints before (68, 2); the row after where the shoulders
    begin; the yaw in degrees that is taken back, positive for a nose to the right."""

    before: np.ndarray
    after: np.ndarray
    outline_before: np.ndarray
    outline_after: np.ndarray
    keypoints: np.ndarray
    shoulders: float
    yaw: float

    @property
    def turn(self) -> float:
        """How much of what follows from a turned head is done, in [0, 1]: nothing where the photo is frontal."""
        return _turn(self.yaw)

    @property
    def half_width(self) -> float:
        return np.ptp(self.outline_after[1:-1, 0]) / 2


def _turn(yaw: float) -> float:
    return float(smoothstep((abs(yaw) - _TURNED[0]) / (_TURNED[1] - _TURNED[0])))


@dataclass(frozen=True)
class _Places:
    """Vertices of the embedded head that are used: those of each level, and those of the skin that are followed, with
    their normals (K, 3) at rest."""

    levels: list[np.ndarray]
    skin: np.ndarray
    normals: np.ndarray


@cache
def _places() -> _Places:
    basis = load_basis()
    triangles = basis.triangles[basis.part == basis.part_names.index("skin")]
    outer = np.unique(triangles)
    x, y, z = basis.mean[outer].T
    levels = [outer[(abs(y - at) < np.diff(_LEVELS)[0] / 2) & ((at < _CHIN) | (z < _THROAT))] for at in _LEVELS]
    skin = basis.regions["mouth"][outer] < 0.5
    upper = (y < -3.2) | (abs(x) > 7) & (y < 5.5)  # forehead and ears
    throat = (y > 11.7) & (y < 15) & (z > -5) & (z < 4.6)
    followed = np.concatenate([_spread(basis.mean, outer[skin & upper & (z > -6)], _HEAD_POINTS),
                               _spread(basis.mean, outer[skin & throat], _NECK_POINTS)])  # fmt: skip
    a, b, c = np.moveaxis(basis.mean[triangles].astype(float), 1, 0)
    normals = np.zeros((len(basis.mean), 3))
    for corner in triangles.T:
        np.add.at(normals, corner, np.cross(c - a, b - a))
    normals = normals[followed]
    return _Places(levels, followed, normals / np.linalg.norm(normals, axis=1, keepdims=True))


def _spread(points: np.ndarray, among: np.ndarray, count: int) -> np.ndarray:
    """``count`` of the indices ``among`` points (P, 3), each the farthest from those before it."""
    chosen, distance = [among[0]], np.full(len(among), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.linalg.norm(points[among] - points[chosen[-1]], axis=1))
        chosen.append(among[distance.argmax()])
    return np.array(chosen)


def _anchors(x_s: np.ndarray, z: np.ndarray, m: np.ndarray, size: tuple[int, int]) -> _Anchors:
    places = _places()
    identity, scale, rotation, shift = fit_identity(x_s, z)
    in_photo = lambda points: scale * points @ rotation.T + shift  # noqa: E731
    after = lambda points: turned(points[..., :2], points[..., 2], m)[..., :2]  # noqa: E731
    head = in_photo(load_basis().vertices(identity, np.zeros(len(load_basis().actions))))
    down = rotation[:2, 1] / np.linalg.norm(rotation[:2, 1])
    yaw = float(np.rad2deg(np.arctan2(rotation[0, 2], rotation[2, 2])))
    outlines = _outline(head[:, :2], down, scale, _turn(yaw)), _outline(after(head), np.array([0.0, 1.0]), scale, 0)
    axis, beside = in_photo(_AXIS[None]), scale * np.concatenate([_SHOULDERS * [-1, 1], _SHOULDERS])
    bodies = axis[:, :2] + beside, after(axis) + beside  # they do not turn: moved with the neck, as they are

    rim = x_s[:27].copy()  # jaw and brows
    away = slice(0, 8) if yaw < 0 else slice(9, 17)  # the jaw that the photo does not show: its outline stands for it
    rim[away] = _hull_along(x_s, x_s[away], np.tile([np.sign(yaw), 0], (8, 1)))
    seen = places.skin[((places.normals @ rotation.T)[:, 2] > 0) & (places.normals[:, 2] > _FACING)]
    border = _border(size, np.concatenate(outlines))
    whole = [np.concatenate([body[:1], outline, body[2:3]]) for outline, body in zip(outlines, bodies, strict=True)]
    return _Anchors(
        np.concatenate([rim, outlines[0], head[seen, :2], bodies[0], border]),
        np.concatenate([after(np.column_stack([x_s, z])[:27]), outlines[1], after(head[seen]), bodies[1], border]),
        *whole,
        x_s,
        bodies[1][0, 1],
        yaw,
    )


def _outline(head: np.ndarray, down: np.ndarray, scale: float, far: float) -> np.ndarray:
    """(2 L + 1, 2): outline of a head's vertices (V, 2), up one side of L levels and down the other, at a margin;
    ``down`` is the direction from crown to chin, ``far`` 1 for the margin of a turned photo, 0 for that after."""
    right = np.array([down[1], -down[0]])
    sides = []
    for at, level in zip(_LEVELS, _places().levels, strict=True):
        margin = scale * _margin(at, far) * right
        across = head[level] @ right
        sides.append((head[level[across.argmin()]] - margin, head[level[across.argmax()]] + margin))
    left, right = np.moveaxis(np.array(sides), 1, 0)
    skin = np.concatenate(_places().levels)
    crown = head[skin[(head[skin] @ down).argmin()]] - scale * _margin(_LEVELS[0], far) * down
    return np.concatenate([left[::-1], crown[None], right])


def _margin(level: float, far: float) -> float:
    there, after = _MARGINS[max(start for start in _MARGINS if start <= level)]
    return far * there + (1 - far) * after


def _hull_along(points: np.ndarray, starts: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """(D, 2): where rays (D, 2) from inside leave the convex hull of points (P, 2)."""
    normals, offsets = np.hsplit(ConvexHull(points).equations, [2])
    towards = normals @ rays.T
    reach = np.where(towards > 1e-9, -(normals @ starts.T + offsets) / np.maximum(towards, 1e-9), np.inf)
    return starts + reach.min(0).clip(0)[:, None] * rays


def _border(size: tuple[int, int], outline: np.ndarray) -> np.ndarray:
    """Points of the left, right and upper border that the head (P, 2) stays clear of, from side to side."""
    height, width = size[0] - 1, size[1] - 1
    t = np.linspace(0, 1, 9)
    sides = [np.column_stack([x + 0 * t, t * height]) for x in (0, width)]
    border = np.concatenate([*sides, np.column_stack([t * width, 0 * t])[1:-1]])
    clear = _CLEAR * np.ptp(outline[:, 0]) / 2
    return border[(border[:, 0] < outline[:, 0].min() - clear) | (border[:, 0] > outline[:, 0].max() + clear)]


def _field(head: _Anchors, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 2): where in the photo each pixel comes from."""
    height, width = size
    # The kernel r does not overshoot, as the thin plate's does.
    offset = RBFInterpolator(head.after, head.before - head.after, kernel="linear", smoothing=_SMOOTHING, degree=0)
    coarse = np.stack(np.meshgrid(np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID)), -1)
    known = offset(coarse.reshape(-1, 2)).reshape(_GRID, _GRID, 2)
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    return pixels + _sampled(known, pixels * (_GRID - 1) / np.maximum([width - 1, height - 1], 1))


def _hidden_half(head: _Anchors, middle: float, beyond: np.ndarray) -> np.ndarray:
    """(H, W) in [0, 1]: head and neck beyond the middle, on the side that the photo did not show."""
    side = np.sign(head.yaw) * (np.arange(beyond.shape[1]) - middle) / head.half_width
    return head.turn * smoothstep(side / 0.15) * smoothstep(1 - beyond / 0.3)


def _lost_wall(head: _Anchors, source: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """(H, W) in [0, 1]: wall that the photo does not have, as its head stood before it, or its border cut the head."""
    width = source.shape[1]
    points = np.concatenate([head.outline_before[1:-1], head.keypoints])
    covered = (_outside(cv2.convexHull(points.astype(np.float32))[:, 0], source.shape[:2]) == 0).astype(np.float32)
    covered = _sampled(cv2.GaussianBlur(covered, (0, 0), 0.75), source)
    past = np.maximum(-source[..., 0], source[..., 0] - (width - 1)).clip(0) / (_FADE * width)
    cut = smoothstep(past) * cv2.GaussianBlur(covered, (0, 0), 0.75 * _FADE * width)
    return np.maximum(head.turn * covered * smoothstep(beyond / _EDGE), cut)


def _smeared(picture: np.ndarray, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture (H, W, 3) blurred from the places ``where`` (H, W) alone, and where (H, W) one of them is near."""
    blur = lambda p: cv2.GaussianBlur(p.astype(np.float32), (0, 0), _WALL * where.shape[1])  # noqa: E731
    weight = blur(where)
    return blur(picture * where[..., None]) / np.maximum(weight, 1e-4)[..., None], weight > 1e-3


def _outside(polygon: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W): distance in pixels from a polygon (P, 2)."""
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.rint(polygon).astype(np.int32)], 1)
    return cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)


def _sampled(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The picture (h, w[, C]) at places (H, W, 2) x, y; its border goes on outside."""
    at = at.astype(np.float32)
    kind = picture if picture.dtype == np.uint8 else picture.astype(np.float32)
    return cv2.remap(kind, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
