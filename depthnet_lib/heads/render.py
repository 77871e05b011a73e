"""Pictures of heads: `render(shots)` gives images with keypoints, true depth, hidden points and masks.

Everything follows from the shots (and their seed): the same shot gives the same picture whenever and wherever it is
drawn. One stage is kept a process; people are dressed once for all their consecutive shots.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from . import hair
from .basis import load_basis
from .camera import cameras, rotation
from .glasses import glasses_points, glasses_triangles
from .look import Look, look_of
from .paint import beard_mask, neckline_height, paint
from .photo import background, expose, lights
from .sampler import Shots
from .stage import Piece, Stage

_NECK = np.array([0.0, 5.5, -4.0])  # where head and neck meet, cm
OVERSAMPLE = 2


@dataclass(frozen=True)
class Pictures:
    """M pictures of S x S pixels.

    ``image`` (M, S, S, 3) uint8 RGB; ``xy`` (M, 68, 2) in [0, 1] and ``z`` (M, 68) in the same unit, toward the
    viewer; ``hidden`` (M, 68) True where something stands before the point; ``depth`` (M, S, S) float32, z of what
    each pixel shows, NaN on the background; ``mask`` (M, S, S) share of the person in each pixel, uint8.
    """

    image: np.ndarray
    xy: np.ndarray
    z: np.ndarray
    hidden: np.ndarray
    depth: np.ndarray
    mask: np.ndarray
    pose: np.ndarray
    identity: np.ndarray


def render(shots: Shots, size: int = 128) -> Pictures:
    """Draw shots as pictures of ``size`` pixels, in this process. Raises InputError where there is no OpenGL."""
    basis = load_basis()
    landmarks = basis.landmarks(shots.shape, shots.actions)
    camera = cameras(shots, landmarks)
    seen = camera(landmarks)
    theatre = _theatre()
    theatre.stage.size = size * OVERSAMPLE
    order = np.argsort(shots.identity, kind="stable")
    n = len(shots)
    image, mask = np.empty((n, size, size, 3), np.uint8), np.empty((n, size, size), np.uint8)
    depth, hidden = np.empty((n, size, size), np.float32), np.empty((n, 68), bool)
    for i in order:
        person = theatre.enter(shots, i)
        rng = np.random.default_rng((shots.seed, 4, shots.identity[i], shots.shot[i]))
        theatre.pose(person, shots, i, rng)
        lit = lights(rng, person.look.skin)
        rgba, away = theatre.stage.shoot(camera.distance[i], camera.corner[i], camera.side[i], *lit)
        near = np.where(away > 0, away, np.inf)
        hidden[i] = _hidden(seen[i], near, camera.distance[i], camera.side[i])
        small = cv2.resize(rgba, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        clean = small[..., :3] + (1 - small[..., 3:]) * background(rng, size)
        image[i], mask[i] = expose(clean, rng), np.round(small[..., 3] * 255)
        nearest = near.reshape(size, OVERSAMPLE, size, OVERSAMPLE).min((1, 3))
        depth[i] = np.where(np.isfinite(nearest), (camera.distance[i] - nearest) / camera.side[i], np.nan)
    return Pictures(image, seen[..., :2], seen[..., 2], hidden, depth, mask, shots.pose, shots.identity)


def _hidden(seen: np.ndarray, away: np.ndarray, distance: float, side: float) -> np.ndarray:
    """(68,) True where everything drawn around a keypoint is at least 0.8 cm nearer to the camera than the point."""
    size = len(away)
    around = cv2.dilate(np.minimum(away, 1e4).astype(np.float32), np.ones((3, 3)))
    x, y = (np.clip(seen[:, k] * size, 0, size - 1).astype(int) for k in (0, 1))
    return around[y, x] < distance - seen[:, 2] * side - 0.8


@dataclass(frozen=True)
class _Person:
    """A dressed person: what the shots of one identity share."""

    look: Look
    vertices: np.ndarray  # (V, 3) at rest, with beard and clothes
    hair: np.ndarray | None
    glasses: np.ndarray | None


class _Theatre:
    """The stage with its pieces, and who stands on it."""

    def __init__(self):
        b = self.basis = load_basis()
        self.skin_normals = _Normals(b.triangles, len(b.mean))
        self.hair_normals = _Normals(hair.sheet_triangles(), 2 * hair.LAYER)
        wire = glasses_triangles()
        self.wire_normals = _Normals(wire, wire.max() + 1)
        pieces = {
            "skin": Piece(b.texture_triangles, b.uv, _kind(b)),
            "hair": Piece(hair.sheet_triangles(), hair.sheet_uv(), _same(hair.sheet_uv(), 0.9, 0.3, 0.3, 1.0), True),
            "glasses": Piece(wire, np.zeros((wire.max() + 1, 2)), _same(np.zeros(wire.max() + 1), 1, 0.6, 0, 0)),
        }
        self.stage = Stage(pieces)
        # 0 on the head ... 1 below the neck: what does not turn with the head
        low = b.mean[:, 1] - 0.35 * (b.mean[:, 2] + 4).clip(0)
        self.body = np.clip((low - 6.5) / 8.0, 0, 1)[:, None]
        self.body = self.body**2 * (3 - 2 * self.body)
        self.who = None

    def enter(self, shots: Shots, i: int) -> _Person:
        """Dress the person of shot i, unless on stage already."""
        key = (shots.seed, int(shots.identity[i]))
        if self.who and self.who[0] == key:
            return self.who[1]
        look = look_of(shots.seed, int(shots.identity[i]), shots.shape[i].tobytes())
        vertices = self.basis.vertices(shots.shape[i], np.zeros(len(self.basis.actions)))
        normals = self.skin_normals(vertices)
        points = self.basis.points(vertices)
        cut = hair.cut_of(look)
        sheet = hair.sheet(look, vertices) if cut else None
        person = _Person(
            look=look,
            vertices=vertices + normals * _outgrowth(self.basis, look)[:, None],
            hair=sheet,
            glasses=glasses_points(points, look.seed) if look.glasses else None,
        )
        stage = self.stage
        stage.current()
        stage.pieces["skin"].dress(paint(look))
        if cut:
            stage.pieces["hair"].dress(hair.hair_texture(look))
        if look.glasses:
            colour = np.append((look.frame * 255).astype(np.uint8), 255).astype(np.uint8)
            stage.pieces["glasses"].dress(np.broadcast_to(colour, (4, 4, 4)))
        stage.pieces["hair"].mesh.is_visible = cut is not None
        stage.pieces["glasses"].mesh.is_visible = look.glasses
        self.who = (key, person)
        return person

    def pose(self, person: _Person, shots: Shots, i: int, rng: np.random.Generator) -> None:
        """Put the head of shot i in place: expression, turn of head and body, hair, glasses."""
        b, stage = self.basis, self.stage
        moved = person.vertices + np.tensordot(shots.actions[i].astype(np.float32), b.actions, 1)
        head = rotation(shots.angles[i])
        yaw, _, roll = shots.angles[i]
        torso = rotation(np.array([yaw * rng.uniform(0.2, 0.8), rng.normal(0, 3), roll * 0.3]))
        pivot = head @ _NECK

        def placed(points: np.ndarray, share: np.ndarray) -> np.ndarray:
            return (1 - share) * (points @ head.T) + share * ((points - _NECK) @ torso.T + pivot)

        stage.current()
        skin = placed(moved, self.body)
        normals = self.skin_normals(skin)
        stage.pieces["skin"].move(skin[b.texture_vertex], normals[b.texture_vertex])
        if person.hair is not None:
            share = np.clip((person.hair[:, 1:2] - 9) / 8, 0, 0.85)
            sheet = placed(person.hair, share)
            stage.pieces["hair"].move(sheet, self.hair_normals(sheet))
        if person.glasses is not None:
            wire = person.glasses @ head.T
            stage.pieces["glasses"].move(wire, self.wire_normals(wire))


class _Normals:
    """Unit vertex normals (picture axes) of meshes that share their triangles."""

    def __init__(self, triangles: np.ndarray, n: int):
        self.triangles = triangles
        rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
        self.gather = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), (n, len(triangles)))

    def __call__(self, vertices: np.ndarray) -> np.ndarray:
        a, b, c = (vertices[self.triangles[:, k]] for k in range(3))
        # triangles are counter-clockwise with y up; with y down the cross product points inward
        normals = self.gather @ np.cross(c - a, b - a)
        return normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)


def _kind(b) -> np.ndarray:
    """(U, 4) what the shader needs to know of the skin piece: open, gloss, light under the surface, strands."""
    part = np.zeros(len(b.mean), int)
    part[b.triangles] = b.part[:, None]
    name = np.array(b.part_names)[part]
    open_ = np.where(np.char.startswith(name, "eye_"), 0.7, b.regions["open"])
    open_ = np.where(name == "lashes", 0.9, np.where(np.isin(name, ("teeth", "tongue")), 0.45, open_))
    gloss = 0.22 + 0.22 * b.regions["lips"]
    gloss = np.where(b.mean[:, 1] > 14, 0.05, gloss)
    gloss = np.where(np.char.startswith(name, "eye_"), 0.95, np.where(name == "lashes", 0.0, gloss))
    under = np.where((name == "skin") & (b.mean[:, 1] < 14), 1.0, 0.3)
    return np.stack([open_, gloss, under, np.zeros(len(part))], 1)[b.texture_vertex]


def _same(vertices: np.ndarray, *kind: float) -> np.ndarray:
    return np.tile(np.array(kind), (len(vertices), 1))


def _outgrowth(b, look: Look) -> np.ndarray:
    """(V,) cm by which beard and clothes stand off the skin."""
    part = np.zeros(len(b.mean), int)
    part[b.triangles] = b.part[:, None]
    skin = part == 0
    length = {"full": 0.35 + 0.5 * look.length, "goatee": 0.3, "moustache": 0.2}.get(look.beard, 0.0)
    grown = length * beard_mask(b.mean, look.beard) * (1 - b.regions["lips"]) if length else 0.0
    dressed = 0.35 * (b.mean[:, 1] > 12) * np.clip((b.mean[:, 1] - neckline_height(b.mean, look)) / 1.0 + 0.6, 0, 1)
    return skin * (b.regions["mouth"] < 0.1) * np.maximum(grown, dressed)


@lru_cache(maxsize=1)
def _theatre() -> _Theatre:
    from ..errors import InputError

    try:
        return _Theatre()
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError("OpenGL", f"cannot be opened ({reason})", "install libegl1 libgl1 libgl1-mesa-dri") from None
