"""What is around a face, pulled along with it when it is turned to the viewer: hair, ears, neck, and the wall behind.

The paper leaves the picture around a frontalized face as it was (supplement S.4), and repair must make a head of the
two. Here the picture is bent first, in closed form: the outline of a mean skull, as it lies in the photo, comes to lie
where the turned head has it, the neck follows its axis, and the picture's border stays; between these a smooth field
interpolates (with a mesh: Zhu and others, 2015). What the photo hides is lent by the other half, as in
`warp.hidden`. No outline of the hair is known: it is taken to lie a little outside of the skull.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from scipy.interpolate import RBFInterpolator
from scipy.spatial import ConvexHull

from ..affine import solve_similarity
from ..heads import load_basis
from .geometry import turned
from .hidden import smoothstep

HAIR = 1.1  # outline of the hair over that of the skull
_DIRECTIONS = np.deg2rad(np.arange(-205, 26, 10))  # around the head but for chin and neck; -90 points up
_SKULL = 9.0  # cm below the ears where the skull ends
_NECK = np.array([0.0, 0.0, -4.0])  # cm: the neck's axis passes behind the ears
_BODY = np.array([[5.3, 11], [5.6, 13], [8, 15], [16, 18]])  # cm beside and below that: neck, then shoulders
_CLEAR = 0.3  # of the head's half width: how near to it the picture's border is let go
_GRID = 64  # places along a side where the field is evaluated; it is smooth in between
_TURNED = (8.0, 20.0)  # degrees of yaw from which, and beyond which fully, the other half is shown
_OFF = 0.15  # of the head's half width: beyond, outside of the hair, there is wall
_FADE = 1 / 48  # of the picture: width of the seam where the wall beyond the border begins


def surroundings(image: np.ndarray, x_s: np.ndarray, z: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture (H, W, 3) around a face with 68 keypoints x_s (68, 2) and metric depth z (68,), both in pixels, after
    m (2, 4) turned it to the viewer (`frontal`).

    Returns RGB uint8 (H, W, 3), meaningless where the face itself will be, and (H, W) True where that is the photo's
    own wall or long hair: off the head, above the shoulders, and not lent.
    """
    height, width = image.shape[:2]
    head = _anchors(x_s, z, m, (height, width))
    source = _field(head, (height, width))
    moved = _sampled(image, source)
    middle = turned(x_s, z, m)[:, 0].mean()
    mirror = np.stack(np.meshgrid(2 * middle - np.arange(width), np.arange(height)), -1)
    share = np.maximum(_hidden_half(head, middle, (height, width)), _lost_wall(head, source, mirror))
    around = moved * (1 - share[..., None]) + _sampled(moved, mirror) * share[..., None]
    off = _beside(head.outline_after, (height, width)) > _OFF * head.half_width
    off[max(0, int(head.shoulders)) :] = False
    return np.rint(around).astype(np.uint8), off & (share < 0.01)


@dataclass(frozen=True)
class _Anchors:
    """Points of the photo ``before`` (A, 2) and ``after`` (A, 2) the turn; points around head and neck, whose hull is
    what they cover, before and after (P, 2); the row after where the shoulders begin; the yaw in degrees that is taken
    back, positive for a nose to the right."""

    before: np.ndarray
    after: np.ndarray
    outline_before: np.ndarray
    outline_after: np.ndarray
    shoulders: float
    yaw: float

    @property
    def half_width(self) -> float:
        return np.ptp(self.outline_after[:, 0]) / 2


def _anchors(x_s: np.ndarray, z: np.ndarray, m: np.ndarray, size: tuple[int, int]) -> _Anchors:
    basis = load_basis()
    mean = basis.landmarks(np.zeros(len(basis.identity)), np.zeros(len(basis.actions)))
    face = np.column_stack([x_s, z])
    scale, rotation, shift = (a.numpy() for a in solve_similarity(*map(torch.as_tensor, (mean, face))))
    in_photo = lambda points: scale * points @ rotation.T + shift  # noqa: E731
    after = lambda points: turned(points[..., :2], points[..., 2], m)[..., :2]  # noqa: E731

    skull, neck = in_photo(basis.mean[basis.mean[:, 1] < _SKULL].astype(float)), in_photo(_NECK[None])
    body = scale * np.concatenate([_BODY, _BODY * [-1, 1]])  # it does not turn: moved with the neck, as it is
    outlines = [_outline(points, middle) for points, middle in
                ((skull[:, :2], shift[:2]), (after(skull), after(shift[None])[0]))]  # fmt: skip
    bodies = neck[:, :2] + body, after(neck) + body
    yaw = float(np.rad2deg(np.arctan2(rotation[0, 2], rotation[2, 2])))
    rim = x_s[:27].copy()  # jaw and brows
    away = slice(0, 8) if yaw < 0 else slice(9, 17)  # the jaw that the photo does not show: its outline stands for it
    rim[away] = _hull_along(x_s, x_s[away], np.tile([np.sign(yaw), 0], (8, 1)))
    border = _border(size, np.concatenate(outlines))
    return _Anchors(
        np.concatenate([rim, outlines[0], bodies[0], border]),
        np.concatenate([after(face[:27]), outlines[1], bodies[1], border]),
        np.concatenate([outlines[0], bodies[0][[2, 6]]]),
        np.concatenate([outlines[1], bodies[1][[1, 5]], after(face[:17])]),
        bodies[1][2, 1],
        yaw,
    )


def _outline(points: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """(D, 2): the hull of points (P, 2) in each direction from the middle, and the hair outside of it."""
    rays = np.column_stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)])
    return middle + HAIR * (_hull_along(points, np.broadcast_to(middle, rays.shape), rays) - middle)


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
    # The kernel r does not overshoot, as the thin plate's does; smoothing lets two anchors in one place differ.
    offset = RBFInterpolator(head.after, head.before - head.after, kernel="linear", smoothing=0.5, degree=0)
    coarse = np.stack(np.meshgrid(np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID)), -1)
    known = offset(coarse.reshape(-1, 2)).reshape(_GRID, _GRID, 2)
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    return pixels + _sampled(known, pixels * (_GRID - 1) / np.maximum([width - 1, height - 1], 1))


def _hidden_half(head: _Anchors, middle: float, size: tuple[int, int]) -> np.ndarray:
    """(H, W) in [0, 1]: head and neck beyond the middle, on the side that the photo did not show."""
    distance = _beside(head.outline_after, size) / head.half_width
    beyond = np.sign(head.yaw) * (np.arange(size[1]) - middle) / head.half_width
    low, high = _TURNED
    turn = smoothstep((abs(head.yaw) - low) / (high - low))
    return turn * smoothstep(beyond / 0.15) * smoothstep(1 - distance / 0.3)


def _beside(points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W): distance in pixels from the convex hull of points (P, 2)."""
    inside = np.zeros(size, np.uint8)
    cv2.fillConvexPoly(inside, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    return cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)


def _lost_wall(head: _Anchors, source: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """(H, W) in [0, 1]: what comes from outside of the photo, where its border shows the head, not the wall. The other
    side's wall stands there, unless it is lost too."""
    width = source.shape[1]
    covered = _beside(head.outline_before, source.shape[:2]) == 0
    outside = np.maximum(-source[..., 0], source[..., 0] - (width - 1)).clip(0) / (_FADE * width)
    lost = smoothstep(outside) * cv2.GaussianBlur(_sampled(covered, source), (0, 0), 0.75 * _FADE * width)
    return lost * (1 - _sampled(lost, mirror))


def _sampled(picture: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The picture (h, w[, C]) at places (H, W, 2) x, y; its border goes on outside."""
    at = at.astype(np.float32)
    kind = picture if picture.dtype == np.uint8 else picture.astype(np.float32)
    return cv2.remap(kind, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
