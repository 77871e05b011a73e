"""Hair, caps and scarves: one sheet laid over the skull, its thickness, edge and hanging part set by the cut.

The sheet is a grid of COLUMNS around the head (azimuth) and ROWS from the crown outward; the first rows lie on the
skull as far as the hairline, the last ones hang from there. Its points follow the vertices of any head.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.spatial import Delaunay

from .basis import load_basis
from .hairline import SKULL, hairline_height
from .look import Look
from .noise import field

COLUMNS, ON_HEAD, HANGING = 72, 22, 10
ROWS = ON_HEAD + HANGING
LAYER = ROWS * COLUMNS + 1  # points of a layer: the sheet, and over it loose hairs
_POLAR = np.linspace(2, 150, 60)  # degrees from the crown at which the skull is sampled
TEXTURE = (128, 512)  # of a layer: rows from crown to tip, columns around the head


@dataclass(frozen=True)
class Cut:
    """How a sheet is laid: thickness (cm) on top, at the sides, at the edge; lumps; and what hangs."""

    top: float
    side: float
    edge: float
    lumps: float = 0.0
    size: float = 1.0  # of the lumps
    fall: float = 0.0  # cm of hair hanging below the hairline at the sides and back
    opening: float = 62.0  # degrees to each side of the front that stay open
    forehead: float = 0.0  # cm that the front edge comes down
    fabric: bool = False


def cut_of(look: Look) -> Cut | None:
    """The sheet of a look, None where the hair is only painted."""
    v, length = look.volume, look.length
    return {
        "bald": None,
        "buzz": None,
        "short": Cut(0.9 + 1.1 * v, 0.5 + 0.3 * v, 0.05, 0.25, 0.5),
        "side": Cut(1.5 + 1.3 * v, 0.6 + 0.4 * v, 0.1, 0.3, 0.7),
        "quiff": Cut(2.2 + 1.8 * v, 0.5 + 0.3 * v, 0.25, 0.35, 0.7),
        "fringe": Cut(1.4 + 1.0 * v, 0.9 + 0.5 * v, 0.35, 0.25, 0.6, forehead=2.2 + 1.6 * length),
        "afro": Cut(3.0 + 4.0 * v, 2.2 + 3.5 * v, 1.0, 0.5, 0.35),
        "curly": Cut(1.8 + 1.6 * v, 1.3 + 1.2 * v, 0.6, 0.7, 0.5, fall=4 * look.female * (0.5 + length), opening=72),
        "bob": Cut(
            1.3 + 1.0 * v, 1.2 + 0.8 * v, 0.3, 0.2, 1.0, 5.0 + 5 * length, 50 + 14 * v, 1.5 * (look.seed % 3 == 0)
        ),
        "long": Cut(
            1.1 + 1.1 * v, 1.0 + 0.9 * v, 0.25, 0.25, 1.0, 12 + 16 * length, 50 + 16 * v, 1.8 * (look.seed % 5 == 0)
        ),
        "bun": Cut(0.8 + 0.4 * v, 0.6 + 0.2 * v, 0.05, 0.15, 0.6),
        "beanie": Cut(1.6 + 1.4 * v, 0.9, 0.7, 0.1, 1.0, forehead=2.0 + 1.5 * length, fabric=True),
        "cap": Cut(1.4 + 0.6 * v, 0.9, 0.6, 0.05, 1.5, forehead=1.8, fabric=True),
        "scarf": Cut(1.4 + 0.6 * v, 1.2, 0.5, 0.15, 2.0, 16.0, 54, 1.2, fabric=True),
    }[look.cut]


@lru_cache(maxsize=1)
def _skull() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For a grid of directions (polar, COLUMNS): three vertices and their weights on the skin, and the azimuths.

    The skin without ears, shoulders and inside is spread flat around the crown, triangulated and looked up there.
    """
    basis = load_basis()
    p = basis.mean - SKULL
    kept = np.unique(basis.triangles[basis.part == 0])
    kept = kept[(basis.regions["ears"][kept] < 0.02) & (basis.regions["open"][kept] > 0.45) & (p[kept, 1] < 13.5)]

    def flat(points: np.ndarray) -> np.ndarray:
        polar = np.arccos(-points[:, 1] / np.linalg.norm(points, axis=1))
        around = np.arctan2(points[:, 0], points[:, 2])
        return np.stack([polar * np.sin(around), polar * np.cos(around)], 1)

    mesh = Delaunay(flat(p[kept]))
    around = (np.arange(COLUMNS) + 0.5) / COLUMNS * 2 * np.pi - np.pi
    polar = np.deg2rad(_POLAR)[:, None]
    place = np.stack([polar * np.sin(around), polar * np.cos(around)], -1)
    found = mesh.find_simplex(place)
    transform = mesh.transform[found]
    two = np.einsum("...ij,...j->...i", transform[..., :2, :], place - transform[..., 2, :])
    weights = np.concatenate([two, 1 - two.sum(-1, keepdims=True)], -1)
    return kept[mesh.simplices[found]], weights, np.rad2deg(around)


def sheet(look: Look, vertices: np.ndarray) -> np.ndarray:
    """(2 * LAYER, 3) points of a person's hair on a head at rest, ``vertices`` (V, 3); a layer's last is the crown."""
    cut = cut_of(look)
    index, weights, around = _skull()
    skull = (vertices[index] * weights[..., None]).sum(2)  # (polar, COLUMNS, 3)
    mean = (load_basis().mean[index] * weights[..., None]).sum(2)
    share = np.linspace(0.02, 1, ON_HEAD)[:, None]
    columns, layers = np.arange(COLUMNS), []
    for layer in (0, 1):
        rng = np.random.default_rng((look.seed, layer))
        at = share * _edge_polar(look, cut, mean, around, rng)  # (ON_HEAD, COLUMNS) polar angles
        position = np.interp(at, _POLAR, np.arange(len(_POLAR)))
        low = position.astype(int).clip(0, len(_POLAR) - 2)
        mix = (position - low)[..., None]
        on = skull[low, columns] * (1 - mix) + skull[low + 1, columns] * mix
        outward = on - (skull[0].mean(0) + np.array([0, 9.5, 0]))
        outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
        on = on + outward * (_thickness(look, cut, share, at, around) + layer * 0.3 * (1 + cut.lumps))[..., None]
        grid = np.concatenate([on, _hanging(look, cut, on[-1], around)])
        layers += [grid.reshape(-1, 3), grid[0].mean(0, keepdims=True)]
    return np.concatenate(layers)


def _edge_polar(look: Look, cut: Cut, mean: np.ndarray, around: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(COLUMNS,) polar angle of the sheet's edge: where the mean skull reaches the hairline's height."""
    side = around - (look.parting * 0.15 if not cut.fabric else 0)
    place = SKULL + np.stack([np.sin(np.deg2rad(side)), 0 * side, np.cos(np.deg2rad(side))], -1)
    down = look.hairline if not cut.fabric and not cut.forehead else 0.0
    height = hairline_height(place, down) + cut.forehead * np.interp(np.abs(side), (0, 45, 60), (1, 0.9, 0))
    if cut.fall or cut.fabric:  # covers the ears
        cover = np.interp(np.abs(around), (cut.opening, cut.opening + 14), (0, 1))
        level = 0.5 if cut.fall else np.interp(np.abs(around), (50, 90, 150), (-3.5, 0.0, 2.5))
        height = height * (1 - cover) + np.broadcast_to(level, height.shape) * cover
    if not cut.fabric:
        height = height + (0.3 + 0.3 * bool(cut.forehead)) * rng.standard_normal(COLUMNS)
    return np.array([np.interp(h, mean[:, j, 1], _POLAR) for j, h in enumerate(height)])


def _thickness(look: Look, cut: Cut, share: np.ndarray, polar: np.ndarray, around: np.ndarray) -> np.ndarray:
    """(ON_HEAD, COLUMNS) cm from the skin: full on top, thinner at the sides, tapering to the edge; a parting."""
    rng = np.random.default_rng(look.seed + 1)
    body = np.interp(polar, (30, 85), (cut.top, cut.side))
    if look.cut == "quiff":
        body = body * (1 + 0.5 * np.exp(-((np.abs(around) / 50) ** 2)) * share**2)
    if look.cut in ("side", "long", "bob"):
        gap = (around - look.parting + 180) % 360 - 180
        body = body * (1 - 0.45 * np.exp(-((gap / 9) ** 2)) * np.interp(share, (0.15, 0.4), (0, 1)))
    taper = 1 - np.clip((share - 0.8) / 0.2, 0, 1) ** 2
    if cut.fall:  # over the ears
        over = np.interp(np.abs(around), (cut.opening + 4, cut.opening + 20), (0, 1))
        body, taper = np.maximum(body, 2.1 * over * share**2), np.maximum(taper, over)
    lumps = field(rng, "mottle", ON_HEAD, COLUMNS, cut.size)
    lumps = np.roll((lumps + lumps[:, ::-1]) / 2, COLUMNS // 4, 1)  # meets itself behind the head
    return cut.edge + (body * taper + 0.5 * cut.lumps * lumps * taper).clip(0.05)


def _hanging(look: Look, cut: Cut, start: np.ndarray, around: np.ndarray) -> np.ndarray:
    """(HANGING, COLUMNS, 3) points below the edge: a curtain at the sides and the back, or a cap's peak."""
    rng = np.random.default_rng(look.seed + 2)
    step = np.linspace(0, 1, HANGING + 1)[1:, None]
    rad = np.deg2rad(around)
    outward = np.stack([np.sin(rad), 0 * rad, np.cos(rad)], -1)
    if look.cut == "cap":
        peak = np.interp(np.abs(around), (30, 50), (1, 0))
        forward = np.stack([0.15 * np.sin(rad), 0.22 + 0 * rad, 1 + 0 * rad], -1) * 6.5
        return start + step[..., None] * (peak[:, None] * forward)
    open_side = np.interp(np.abs(around), (cut.opening, cut.opening + 12), (0, 1))
    waves = rng.normal(0, 0.35, COLUMNS)
    waves = np.convolve(np.r_[waves[-2:], waves, waves[:2]], [0.2, 0.3, 0.3, 0.2], "same")[2:-2]
    fall = (cut.fall * open_side * (1 + 0.06 * rng.standard_normal(COLUMNS)))[:, None] * [0, 1, 0]
    flare = np.sin(step * np.pi * rng.uniform(0.6, 1.4)) * rng.uniform(-0.2, 1.0) + step * waves * 1.5
    inward = -1.2 * step * (np.abs(around) > 100)
    return start + step[..., None] * fall + ((flare + inward) * open_side)[..., None] * outward


@lru_cache(maxsize=1)
def sheet_triangles() -> np.ndarray:
    """(T, 3) triangles of every sheet and its loose hairs."""
    r, c = np.meshgrid(np.arange(ROWS - 1), np.arange(COLUMNS), indexing="ij")
    a, b = (r * COLUMNS + c).ravel(), (r * COLUMNS + (c + 1) % COLUMNS).ravel()
    down_a, down_b = a + COLUMNS, b + COLUMNS
    top = np.stack([np.full(COLUMNS, LAYER - 1), np.arange(COLUMNS), (np.arange(COLUMNS) + 1) % COLUMNS], 1)
    one = np.concatenate([np.stack([a, down_a, down_b], 1), np.stack([a, down_b, b], 1), top])
    return np.concatenate([one, one + LAYER]).astype(np.int32)


@lru_cache(maxsize=1)
def sheet_uv() -> np.ndarray:
    """(2 * LAYER, 2) place of the points in the hair texture: around the head, crown to tip; loose hairs below."""
    v = np.concatenate([np.linspace(0.02, 0.6, ON_HEAD), np.linspace(0.6, 0.985, HANGING + 1)[1:]])
    u = (np.arange(COLUMNS) + 0.5) / COLUMNS
    grid = np.stack(np.meshgrid(u, v), -1).reshape(-1, 2)
    one = np.concatenate([grid, [[0.5, 0.01]]]) * [1, 0.5]
    return np.concatenate([one, one + np.array([0, 0.5])]).astype(np.float32)


def hair_texture(look: Look) -> np.ndarray:
    """(256, 512, 4) RGBA uint8: strands from crown to tip, or fabric; alpha frays the edges and parts loose hairs."""
    rng = np.random.default_rng(look.seed + 3)
    cut, (h, w) = cut_of(look), TEXTURE
    if cut.fabric:
        ribs = 0.05 * np.sin(np.arange(w) / w * 2 * np.pi * 90) * (look.cut == "beanie")
        shade = 1 + ribs + 0.03 * field(rng, "grain", h, w) + 0.06 * field(rng, "clouds", h, w)
        colour = (look.cloth * 0.8 + 0.25 * rng.random(3)).clip(0.03, 0.9)
        sheet_alpha, loose_alpha = np.ones((h, w)), np.zeros((h, w))
    else:
        strands = cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), 0.8, sigmaY=14)
        strands /= strands.std()
        curls = field(rng, "grain", h, w, 2.5) if cut.lumps > 0.45 else np.zeros((h, w), np.float32)
        shade = 1 + (0.20 * strands + 0.18 * curls) * (1 - 0.6 * look.hair.mean())
        shade *= np.linspace(0.85, 1.1, h)[:, None]
        colour = look.hair
        v = (np.arange(h)[:, None] + 0.5) / h
        end = 0.97 - np.abs(rng.normal(0, 0.04, w))  # strands end at different lengths
        sheet_alpha = ((end - v) / 0.02).clip(0, 1) if cut.fall else np.ones((h, w))
        sheet_alpha = sheet_alpha * np.where(v < 0.6, ((0.6 - v) / 0.05 + 0.6 * strands + 0.3).clip(0, 1), 1)
        loose_alpha = (
            sheet_alpha * (1.2 * (strands + curls) - 0.6).clip(0, 1) * ((0.57 - v) / 0.06 + cut.fall).clip(0, 1)
        )
    rgb = np.asarray(colour, np.float32) * np.maximum(shade, 0.15)[..., None]
    layers = [np.concatenate([rgb.clip(0, 1), alpha[..., None]], -1) for alpha in (sheet_alpha, loose_alpha)]
    return (np.concatenate(layers) * 255).astype(np.uint8)
