"""A MOFA-style model (Tewari et al. 2017): a picture to the coefficients of a parametric head, without depth labels.

An encoder reads identity, expression, pose, colours and light off one picture; a fixed differentiable decoder makes a
head of them, projects it and colours its vertices. Trained by how well the vertices' colours match the picture and the
projected landmarks match the 2D keypoints. It starts from the mean head, frontal and at rest in the middle of the
picture: the initialisation that MOFA needs. Its head is the kit's own basis, which also drew the embedded data: on
those it has an advantage that MOFA did not have on photos.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..affine import to_unit
from ..datasets.tensors import crop_box
from ..depth_model import DepthModel, Faces
from ..errors import InputError
from ..heads import HeadBasis, load_basis
from ..networks import convolutions, initialise
from ..recipes import MOFA_RECIPES, Recipe

REGIONS = ("lips", "eyelids")  # what is not of these is skin
N_VERTICES = 600  # of the face, where colours are compared
N_LIGHT = 9  # spherical harmonics up to degree 2
PHOTO_WEIGHT, PRIOR_WEIGHT = 5.0, 3e-3


class HeadDecoder(nn.Module):
    """Coefficients to 3D landmarks and coloured vertices in the face crop, whose side is 1."""

    def __init__(self):
        super().__init__()
        basis = load_basis()
        rows = _face_vertices(basis)
        centre, size = _middle(basis.points(basis.mean))
        places = {"landmarks": basis.points, "vertices": lambda v: v[..., rows, :]}
        for name, take in places.items():
            parts = (take(basis.mean) - centre)[None], take(basis.identity), take(basis.actions)
            self._keep(name, np.concatenate(parts).reshape(-1, len(take(basis.mean)) * 3) / size)
        regions = np.stack([basis.regions[name][rows] for name in REGIONS], 1)
        self._keep("regions", np.concatenate([1 - regions.sum(1, keepdims=True), regions], 1))
        self._keep("normals", _normals(basis)[rows])
        self.sizes = [len(basis.identity), len(basis.actions), 3, 1, 2, 3 * (1 + len(REGIONS)), N_LIGHT]

    def _keep(self, name: str, values: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(values).float(), persistent=False)

    def forward(self, coefficients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, C) -> landmarks (B, 68, 3), vertices (B, S, 3), their colours (B, S, 3) in [0, 1], and how much each
        faces the viewer (B, S) in [0, 1]."""
        identity, actions, angles, size, shift, colours, light = coefficients.split(self.sizes, -1)
        weights = torch.cat([torch.ones_like(size), identity, torch.sigmoid(actions - 3)], 1)
        turn, scale = rotation(angles), 0.35 * size.exp()[..., None]
        place = torch.cat([0.5 + 0.1 * shift, torch.zeros_like(size)], 1)[:, None]
        landmarks, vertices = (
            scale * ((weights @ part).unflatten(1, (-1, 3)) @ turn.mT) + place
            for part in (self.landmarks, self.vertices)
        )
        normals = self.normals @ turn.mT
        albedo = self.regions @ torch.sigmoid(colours.unflatten(1, (-1, 3)))
        shading = 1 + harmonics(normals) @ light[..., None]
        return landmarks, vertices, albedo * shading, (normals[..., 2] * 3).clamp(0, 1)


class MOFA(DepthModel):
    """A head from one picture; the affine is fitted to its landmarks (equation 3)."""

    recipes, trained, needs_images = MOFA_RECIPES, True, True
    trained_on = ("anny-images", "all")

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        if n_keypoints != 68:
            raise InputError("mofa", f"its head has 68 landmarks, the faces {n_keypoints}", "choose another model")
        self.decoder = HeadDecoder()
        features, width = convolutions(channels=3)
        (hidden,) = recipe.hidden
        self.encoder = nn.Sequential(
            features, nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, sum(self.decoder.sizes))
        )

    def reset(self, generator: torch.Generator) -> None:
        initialise(self.encoder, generator)
        nn.init.zeros_(self.encoder[-1].weight)

    def encode(self, faces: Faces) -> Faces:
        coefficients = self.encoder(_pixels(faces.image) - 0.5)
        corner, side = crop_box(faces.xy)
        points = self.decoder(coefficients)[0] * side + torch.cat([corner, torch.zeros_like(side)], -1)
        return replace(faces, code=(points, coefficients))

    def points(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """Squared distances of landmarks in unit coordinates, photometric distance of visible vertices, and the prior
        that coefficients are small, of sources and targets alike."""
        return (self._face_loss(source) + self._face_loss(target)) / 2

    def _face_loss(self, faces: Faces) -> Tensor:
        points, coefficients = faces.code
        _, vertices, colours, seen = self.decoder(coefficients)
        pixels = F.grid_sample(_pixels(faces.image), 2 * vertices[:, :, None, :2] - 1, align_corners=False)
        apart = (pixels[..., 0].mT - colours).norm(dim=-1)
        photo = (seen * apart).sum(1) / seen.sum(1)
        landmark = ((points[..., :2] - faces.xy) / to_unit(faces.xy)[2]).square().sum((-2, -1))
        identity, actions, *_ = coefficients.split(self.decoder.sizes, -1)
        prior = identity.square().sum(1) + torch.sigmoid(actions - 3).square().sum(1)
        return (landmark + PHOTO_WEIGHT * photo + PRIOR_WEIGHT * prior).mean()


def rotation(angles: Tensor) -> Tensor:
    """(..., 3, 3) rotations for yaw, pitch, roll (..., 3) in radians, as `heads.camera.rotation`."""
    yaw, pitch, roll = angles.unbind(-1)
    return _turn(roll, 0, 1) @ _turn(pitch, 2, 1) @ _turn(yaw, 2, 0)


def _turn(angle: Tensor, a: int, b: int) -> Tensor:
    """(..., 3, 3) rotations that carry axis a toward axis b."""
    c, s, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    entry = {(a, a): c, (b, b): c, (b, a): s, (a, b): -s, (3 - a - b, 3 - a - b): one}
    return torch.stack([torch.stack([entry.get((i, j), zero) for j in range(3)], -1) for i in range(3)], -2)


def harmonics(normals: Tensor) -> Tensor:
    """(..., 9) real spherical harmonics up to degree 2 of unit normals (..., 3), constants left to the coefficients."""
    x, y, z = normals.unbind(-1)
    return torch.stack([torch.ones_like(x), x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1], -1)


def _pixels(image: Tensor) -> Tensor:
    """RGB uint8 (B, H, W, 3) -> (B, 3, H, W) in [0, 1]."""
    return image.movedim(-1, -3).float() / 255


def _middle(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (3,) of landmarks (68, 3), and their spread in the picture plane."""
    centre = points.mean(0)
    return centre, ((points - centre)[:, :2] ** 2).sum(1).mean() ** 0.5


def _normals(basis: HeadBasis) -> np.ndarray:
    """(V, 3) outward unit normals of the mean head; they turn with it, expressions do not bend them."""
    a, b, c = basis.mean[basis.triangles].swapaxes(0, 1)
    normals = np.zeros_like(basis.mean)
    for corner in basis.triangles.T:
        np.add.at(normals, corner, np.cross(c - a, b - a))
    return normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)


def _face_vertices(basis: HeadBasis) -> np.ndarray:
    """(S,) vertices to compare colours at: open skin of the face, seen from the front."""
    landmarks = basis.points(basis.mean)
    low, high = landmarks.min(0)[:2] - 0.5, landmarks.max(0)[:2] + 0.5
    skin = np.zeros(len(basis.mean), bool)
    skin[basis.triangles[basis.part == basis.part_names.index("skin")]] = True
    here = ((basis.mean[:, :2] > low) & (basis.mean[:, :2] < high)).all(1)
    rows = np.flatnonzero(skin & here & (basis.regions["open"] > 0.5) & (_normals(basis)[:, 2] > 0))
    return rows[np.linspace(0, len(rows) - 1, N_VERTICES).round().astype(int)]
