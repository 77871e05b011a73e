"""Paint the texture of a head: skin, lips, lids, brows, beard, scalp, eyes, mouth and clothes, by procedures alone.

Masks are functions of the texel's place on the mean head (cm, origin between the ears, eyes at y = 0) and of the
basis's regions, so that they move with every shape and expression.
"""

from functools import lru_cache

import cv2
import numpy as np

from .atlas import SIZE, Atlas, load_atlas
from .basis import load_basis
from .hairline import hairline_height
from .look import Look
from .noise import field

_BROWS = ((17, 18, 19, 20, 21), (26, 25, 24, 23, 22))  # outer end first
_UPPER_LIDS, _LOWER_LIDS = ((36, 37, 38, 39), (45, 44, 43, 42)), ((36, 41, 40, 39), (45, 46, 47, 42))
IRIS_RADIUS, EYE_HALF = 0.62, 1.5  # cm; half the eye's tile


def paint(look: Look) -> np.ndarray:
    """(SIZE, SIZE, 4) RGBA uint8 texture of a person; alpha is below 255 only between the lashes."""
    rng = np.random.default_rng(look.seed)
    atlas = load_atlas()
    image = _skin(look, atlas, rng)
    _lips(image, look, atlas, rng)
    _lids(image, look, atlas)
    _hairs(image, look, atlas, rng)
    _brows(image, look, atlas, rng)
    _clothes(image, look, atlas, rng)
    out = np.full((SIZE, SIZE, 4), 255, np.uint8)
    _mouth(image, atlas, rng)
    for side in ("eye_right", "eye_left"):
        _eye(image, look, atlas, side, rng)
    out[..., :3] = (image.clip(0, 1) * 255 + 0.5).astype(np.uint8)
    _lashes(out, look, atlas, rng)
    return out


@lru_cache(maxsize=3)
def _window(name: str) -> tuple[slice, slice]:
    """The texels to touch for the "lips", the "beard", or the clothes of the "body"."""
    atlas = load_atlas()
    there = {
        "lips": lambda: atlas.regions["lips"] > 0.05,
        "beard": lambda: _beard("full") > 0.01,
        "body": lambda: atlas.position[..., 1] > 12,
    }[name]()
    rows, columns = np.nonzero(there & (atlas.part != 255))
    return np.s_[max(rows.min() - 4, 0) : rows.max() + 5, max(columns.min() - 4, 0) : columns.max() + 5]


def smooth(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below ``low``, 1 above ``high`` (or the other way round), smooth between."""
    t = ((x - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


@lru_cache(maxsize=32)
def blob(centre: tuple[float, float, float], radius: float) -> np.ndarray:
    """(SIZE, SIZE) a soft ball around a place of the mean head and its mirror image."""
    position = load_atlas().position
    mirrored = np.abs(position[..., 0]) - abs(centre[0])
    d2 = mirrored**2 + (position[..., 1] - centre[1]) ** 2 + (position[..., 2] - centre[2]) ** 2
    out = np.exp(-d2 / (2 * radius**2))
    return np.where(out > 0.004, out, 0)


def blend(image: np.ndarray, colour: np.ndarray, mask: np.ndarray) -> None:
    """Lay a colour (3,) or (H, W, 3) over the image, in place, where mask (H, W) is above 0."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:
        return
    window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    colour = np.asarray(colour, np.float32)
    part = image[window]
    part += mask[window].astype(np.float32)[..., None] * ((colour[window] if colour.ndim == 3 else colour) - part)


def _skin(look: Look, atlas: Atlas, rng: np.random.Generator) -> np.ndarray:
    red = 0.9 * blob((4.6, 3.6, 6), 1.7) + 0.8 * blob((0, 3.4, 8.9), 1.1) + 0.3 * blob((0, 10, 7), 1.5)
    red += 0.6 * atlas.regions["ears"] + 0.25 * field(rng, "clouds", SIZE, SIZE)
    under_eye = blob((3.0, 1.1, 5.9), 0.75)
    pale = 0.6 * blob((0, -5, 7), 2.5)
    mottle = field(rng, "mottle", SIZE, SIZE)
    grain = field(rng, "grain", SIZE, SIZE)
    light = 1 + 0.04 * pale - (0.08 + 0.10 * look.age) * under_eye
    light += (0.010 + 0.012 * look.age) * mottle + 0.011 * grain
    flush = (look.ruddy * red)[..., None] * np.array([0.02, -0.09, -0.08], np.float32)
    image = look.skin.astype(np.float32) * (light[..., None] + flush)
    if look.freckles:
        spots = smooth(1.2, 2.0, field(rng, "grain", SIZE, SIZE, 2.0)) * (blob((2.5, 2.8, 7), 2.2) + 0.15)
        image *= 1 - 0.35 * look.freckles * spots[..., None] * np.array([0.6, 1, 1.1], np.float32)
    if look.age > 0.35:
        _wrinkles(image, atlas, look, rng)
    return image.astype(np.float32)


def _wrinkles(image: np.ndarray, atlas: Atlas, look: Look, rng: np.random.Generator) -> None:
    """Lines across the forehead, at the outer corners of the eyes and from the nose to the mouth."""
    shade = np.zeros((SIZE, SIZE), np.uint8)
    mark = atlas.landmarks
    for _ in range(3):
        lift = rng.uniform(25, 75)
        bend = [mark[a] - [0, lift + rng.uniform(-3, 3)] for a in (18, 19, 21, 22, 24, 25)]
        cv2.polylines(shade, [_spline(np.array(bend))], False, int(rng.integers(60, 160)), 1, cv2.LINE_AA, 4)
    for eye, sign in ((36, -1), (45, 1)):
        for angle in rng.uniform(-0.6, 0.5, 3):
            ray = mark[eye] + sign * np.array([[5, 0], [14, 14 * np.sin(angle)], [22, 26 * np.sin(angle)]])
            cv2.polylines(shade, [_spline(ray)], False, int(rng.integers(60, 150)), 1, cv2.LINE_AA, 4)
    for nose, lip, sign in ((31, 48, -1), (35, 54, 1)):
        fold = np.array(
            [mark[nose] + [sign * 10, -6], (mark[nose] + mark[lip]) / 2 + [sign * 14, 0], mark[lip] + [sign * 9, 4]]
        )
        cv2.polylines(shade, [_spline(fold)], False, 180, 2, cv2.LINE_AA, 4)
    lines = cv2.GaussianBlur(shade, (0, 0), 1.2).astype(np.float32) / 255
    image *= 1 - 0.45 * look.age * lines[..., None] * np.array([0.8, 1, 1], np.float32)


def _spline(points: np.ndarray, n: int = 24) -> np.ndarray:
    """(n, 1, 2) int32 in sixteenths of a texel: a smooth curve through the points (cv2's shift = 4)."""
    from scipy.interpolate import make_interp_spline

    s = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    curve = make_interp_spline(s, points, k=min(3, len(points) - 1))(np.linspace(0, s[-1], n))
    return np.round(curve * 16).astype(np.int32)[:, None]


def _lips(image: np.ndarray, look: Look, atlas: Atlas, rng: np.random.Generator) -> None:
    w = _window("lips")
    mask = smooth(0.3, 0.75, atlas.regions["lips"][w]) * (atlas.part[w] == 0)
    texture = 1 + 0.05 * field(rng, "mottle", *mask.shape) + 0.03 * field(rng, "grain", *mask.shape)
    texture *= 1 - 0.25 * np.exp(-(((atlas.position[w][..., 1] - 7.1) / 0.22) ** 2))  # darker toward the inside
    blend(image[w], look.lips * texture[..., None], (0.55 + 0.35 * look.makeup) * mask)


def _lids(image: np.ndarray, look: Look, atlas: Atlas) -> None:
    """A dark rim where the lashes grow, and shadow on painted lids."""
    rim = np.zeros((SIZE, SIZE), np.uint8)
    for lid in _UPPER_LIDS:
        cv2.polylines(rim, [_spline(atlas.landmarks[list(lid)])], False, 255, 3, cv2.LINE_AA, 4)
    for lid in _LOWER_LIDS:
        cv2.polylines(rim, [_spline(atlas.landmarks[list(lid)])], False, 90, 1, cv2.LINE_AA, 4)
    rim = cv2.GaussianBlur(rim, (0, 0), 1.1).astype(np.float32) / 255
    if look.makeup:
        shadow = blob((3.1, -0.9, 6.3), 0.75) * look.makeup
        blend(image, look.skin * [0.75, 0.62, 0.62], 0.45 * shadow)
    dark = look.skin * 0.25 if look.female else look.skin * 0.4
    blend(image, dark, np.minimum(rim * (0.75 + 0.5 * look.makeup), 0.95))


def _hairs(image: np.ndarray, look: Look, atlas: Atlas, rng: np.random.Generator) -> None:
    """The scalp under the hair, and the beard."""
    ragged = 0.25 * field(rng, "grain", SIZE, SIZE) + 0.2 * field(rng, "mottle", SIZE, SIZE)
    if look.cut != "scarf":
        above = _above_hairline() + float(look.hairline) * _forehead() + 0.6 * ragged
        ring = smooth(-0.3, 0.6, above) * _scalp()
        if look.cut == "bald":
            ring *= 0.35 * smooth(-3.5, -1.0, atlas.position[..., 1])  # shaved, around the back
        blend(image, np.float32(look.hair) * (1 + 0.15 * ragged[..., None]), ring * {"buzz": 0.8}.get(look.cut, 0.95))
    if look.beard != "none":
        w = _window("beard")
        strength, gaps = {"shadow": (0.22, 0.25), "stubble": (0.5, 0.5)}.get(look.beard, (0.9, 0.35))
        mask = smooth(0.1, 0.9, _beard(look.beard)[w] + 0.2 * ragged[w]) * _scalp()[w] * (1 - atlas.regions["lips"][w])
        speckle = 1 - gaps * smooth(-0.5, 0.8, field(rng, "grain", *mask.shape))
        colour = np.minimum(look.hair * 0.85, 0.6) if look.beard != "shadow" else look.skin * [0.45, 0.47, 0.52]
        blend(image[w], colour * (1 + 0.15 * ragged[w][..., None]), strength * mask * speckle)


@lru_cache(maxsize=1)
def _scalp() -> np.ndarray:
    """(SIZE, SIZE) 1 on the skin of the head and neck, little on the ears."""
    atlas = load_atlas()
    return ((atlas.part == 0) & (atlas.position[..., 1] < 14)) * (1 - 0.8 * atlas.regions["ears"]).astype(np.float32)


@lru_cache(maxsize=1)
def _above_hairline() -> np.ndarray:
    """(SIZE, SIZE) cm of the texels above the usual hairline."""
    p = load_atlas().position
    return (hairline_height(p, 0.0) - p[..., 1]).astype(np.float32)


@lru_cache(maxsize=1)
def _forehead() -> np.ndarray:
    """(SIZE, SIZE) 1 where a person's own hairline may differ, 0 elsewhere."""
    p = load_atlas().position
    return (hairline_height(p, 1.0) - hairline_height(p, 0.0)).astype(np.float32)


@lru_cache(maxsize=8)
def _beard(beard: str) -> np.ndarray:
    return beard_mask(load_atlas().position, beard).astype(np.float32)


def beard_mask(p: np.ndarray, beard: str) -> np.ndarray:
    """(...,) in [0, 1]: where places p (..., 3) of the mean head carry a beard of a kind."""
    x, y, z = np.abs(p[..., 0]), p[..., 1], p[..., 2]
    lip = smooth(5.0, 5.7, y) * smooth(7.7, 6.7, y) * smooth(3.3, 2.2, x) * smooth(4, 5, z)
    chin = smooth(7.6, 8.6, y) * smooth(12.8, 11.4, y) * smooth(3.3, 1.9, x) * smooth(2, 3.5, z)
    sides = smooth(5.9, 6.9, y) * smooth(10, 8.5, y) * np.exp(-(((x - 3.1) / 0.55) ** 2)) * smooth(3, 4, z)
    if beard == "moustache":
        return lip
    if beard == "goatee":
        return np.maximum(np.maximum(lip, chin), sides)
    upper = 6.2 - 0.4 * x + 1.6 * np.exp(-(((x - 4.6) / 1.6) ** 2))  # dips below the cheek, climbs to the ear
    jaw = smooth(-0.9, 0.9, y - upper) * smooth(13.0, 11.0, y + 0.25 * (6 - z).clip(0)) * smooth(-2.2, -0.8, z)
    jaw *= np.maximum(smooth(2.2, 3.0, x), smooth(7.6, 8.6, y))
    return np.maximum(np.maximum(lip, chin), jaw)


def _brows(image: np.ndarray, look: Look, atlas: Atlas, rng: np.random.Generator) -> None:
    """Single hairs along the brow points: upright at the inner end, lying outward at the tail."""
    layer = np.zeros((SIZE, SIZE), np.uint8)
    for points in _BROWS:
        curve = _spline(atlas.landmarks[list(points)], 60)[:, 0] / 16.0
        per_cm = np.linalg.norm(curve[-1] - curve[0]) / 4.8
        n = int(150 + 170 * look.brow_density)
        along = rng.beta(1.25, 1.05, n)  # 0 outer end, 1 inner end
        along = along * 1.04 - 0.02
        at = np.stack([np.interp(along * 59, np.arange(60), curve[:, k]) for k in (0, 1)], 1)
        inward = np.sign(curve[-1, 0] - curve[0, 0])
        width = look.brow_width * per_cm * np.interp(along, [0, 0.3, 0.8, 1.0], [0.2, 0.7, 1.0, 0.7])
        at[:, 1] += (0.32 * per_cm) + width * rng.uniform(-0.5, 0.5, n)
        lean = np.interp(along, [0, 0.6, 0.9, 1.0], [0.25, -0.35, -1.0, -1.35]) + rng.normal(0, 0.2, n)
        reach = per_cm * rng.uniform(0.35, 0.6, n)
        tip = at + np.stack([-inward * np.cos(lean), np.sin(lean)], 1) * reach[:, None]
        for a, b, value in zip(np.round(at * 16), np.round(tip * 16), rng.integers(110, 230, n), strict=True):
            cv2.line(layer, a.astype(int), b.astype(int), int(value), 1, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(layer, (0, 0), 2.2).astype(np.float32) / 255
    mask = np.maximum(0.8 * cv2.GaussianBlur(layer, (0, 0), 0.6).astype(np.float32) / 255, 0.5 * soft)
    blend(image, look.brow, mask * (0.65 + 0.35 * look.brow_density))


def _clothes(image: np.ndarray, look: Look, atlas: Atlas, rng: np.random.Generator) -> None:
    w = _window("body")
    p = atlas.position[w]
    h, width = p.shape[:2]
    collar = neckline_height(p, look)
    mask = smooth(-0.15, 0.15, p[..., 1] - collar) * (p[..., 1] > 12)
    hem = smooth(0.9, 0.5, p[..., 1] - collar)
    weave = 1 + 0.06 * field(rng, "clouds", h, width) - 0.12 * hem
    blend(image[w], look.cloth * weave[..., None], mask)


def neckline_height(p: np.ndarray, look: Look) -> np.ndarray:
    """y of the clothes' upper edge above places p (..., 3) of the mean head."""
    x = np.abs(p[..., 0])
    crew = 16.2 + 4.0 * look.neckline - (0.16 - 0.1 * look.neckline) * x
    vee = 15.8 + 9 * look.neckline - (0.55 + 0.9 * look.neckline) * x
    return np.maximum(vee if look.seed % 3 == 0 else crew, 13.2)


def _mouth(image: np.ndarray, atlas: Atlas, rng: np.random.Generator) -> None:
    names = load_basis().part_names
    blend(image, np.array([0.33, 0.10, 0.09]), _inside())
    image[atlas.part == names.index("tongue")] = (0.62, 0.30, 0.29)
    image[atlas.part == names.index("teeth")] = np.array([0.88, 0.83, 0.74]) * rng.uniform(0.85, 1.08)


@lru_cache(maxsize=1)
def _inside() -> np.ndarray:
    """(SIZE, SIZE) 1 inside the mouth."""
    atlas = load_atlas()
    lips, mouth = (smooth(0.2, 0.6, atlas.regions[name]) for name in ("lips", "mouth"))
    return mouth * (1 - lips) * (atlas.part == 0)


def _eye(image: np.ndarray, look: Look, atlas: Atlas, side: str, rng: np.random.Generator) -> None:
    left, top, right, bottom = atlas.boxes[side]
    h, w = bottom - top, right - left
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    x, y = (x + 0.5) / w * 2 - 1, (y + 0.5) / h * 2 - 1
    r, angle = np.hypot(x, y) * EYE_HALF, np.arctan2(y, x)
    eye = np.empty((h, w, 3), np.float32)
    eye[:] = np.array([0.86, 0.83, 0.80]) * (1 - 0.10 * look.age)
    eye *= (1 - 0.22 * smooth(0.75, 1.35, r))[..., None] * np.array([1, 0.97, 0.96], np.float32)
    eye *= 1 - 0.03 * field(rng, "mottle", h, w)[..., None].clip(0) * np.array([0, 1, 1], np.float32)
    spokes = np.interp(angle, np.linspace(-np.pi, np.pi, 97), np.r_[s := rng.standard_normal(96), s[0]])
    disc = look.iris * (1 + 0.16 * spokes[..., None]) * (1.25 - 0.55 * smooth(0.15, IRIS_RADIUS, r))[..., None]
    disc = disc * (1 - 0.65 * smooth(IRIS_RADIUS - 0.15, IRIS_RADIUS, r))[..., None]
    blend(eye, disc, smooth(IRIS_RADIUS + 0.04, IRIS_RADIUS - 0.04, r))
    pupil = 0.24 + 0.06 * (look.seed % 7) / 6
    blend(eye, np.array([0.015, 0.012, 0.012]), smooth(pupil + 0.03, pupil - 0.03, r))
    eye *= (0.55 + 0.45 * smooth(-0.36, -0.02, y))[..., None]  # in the shade of the upper lid
    image[top:bottom, left:right] = eye.clip(0, 1)


def _lashes(out: np.ndarray, look: Look, atlas: Atlas, rng: np.random.Generator) -> None:
    """Strokes from the root (top of the tile) to the tip; alpha 0 between them."""
    left, top, right, bottom = atlas.boxes["lashes"]
    h, w = bottom - top, right - left
    tile = np.zeros((h, w), np.uint8)
    reach = (0.38 if look.female else 0.22) + 0.25 * look.makeup
    for x in np.linspace(1, w - 1, 34) + rng.normal(0, 0.5, 34):
        tip = (x + rng.normal(0, 2), h * reach * rng.uniform(0.7, 1.1))
        cv2.line(tile, (int(x * 16), 0), (int(tip[0] * 16), int(tip[1] * 16)), 255, 1, cv2.LINE_AA, 4)
    out[top:bottom, left:right, :3] = 28
    out[top:bottom, left:right, 3] = tile // 2 + tile // 6
