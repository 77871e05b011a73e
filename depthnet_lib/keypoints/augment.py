"""Augmentation of face crops on the fly: where the face lies, how it is lit and taken, what hides it.

Honari et al. use scale, rotation, shift and occluding squares. A network that has seen only rendered heads needs more
to read photos: tone, light, blur, grain, and hiding things of every texture. Every function takes a batch, and draws
from torch's global generator, which the training loop seeds anew for each step.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .rcn import SIZE, standardise

STORED = 128  # pixels of the square crops that are kept on disk
STORED_MARGIN = 2.0  # their width over the face box's: room to turn and shift the 80-pixel crop inside


def augment(crops: Tensor, points: Tensor, mirror: tuple[int, ...], margin: float) -> tuple[Tensor, Tensor]:
    """Stored grey crops (B, S, S) uint8 and points (B, N, 2) -> network input (B, 1, 80, 80), points (B, N, 2)."""
    pictures, points = place(crops, points, mirror, margin)
    pictures = hide(relight(pictures))
    return standardise(grain(soften(pictures))[:, 0]), points


class Places(NamedTuple):
    """Where the axes and the centre of 80-pixel crops lie in stored ones, both in [-1, 1]: ``matrix`` (B, 2, 2),
    ``shift`` (B, 2), and which crops are mirrored, ``flip`` (B,)."""

    matrix: Tensor
    shift: Tensor
    flip: Tensor

    def move(self, points: Tensor, stored: int, mirror: tuple[int, ...]) -> Tensor:
        """Points (B, N, 2) in pixels of the stored crops -> in pixels of the 80-pixel ones."""
        centred = (points + 0.5) * (2 / stored) - 1
        inside = torch.linalg.solve(self.matrix, (centred - self.shift[:, None]).mT).mT
        if mirror:
            inside = torch.where(self.flip[:, None, None], inside[:, list(mirror)], inside)
        return (inside + 1) * (SIZE / 2) - 0.5


def draw_places(b: int, margin: float) -> Places:
    """Flips, turns, scales and shifts of ``b`` crops ``margin`` times as wide as the face box."""
    angle = (torch.randn(b) * 0.25).clamp(-0.7, 0.7)
    scale = (
        margin
        / STORED_MARGIN
        * torch.exp(torch.empty(b, 2).uniform_(-0.1, 0.1) + torch.empty(b, 1).uniform_(-0.15, 0.15))
    )
    shift = torch.randn(b, 2) * 0.09  # of the face box: turned faces are found so far from where they lie
    flip = torch.rand(b) < 0.5
    cos, sin = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([cos, -sin], 1), torch.stack([sin, cos], 1)], 1)
    matrix = turn * scale[:, None, :]
    matrix[:, :, 0] *= torch.where(flip, -1.0, 1.0)[:, None]
    return Places(matrix, shift, flip)


def place(crops: Tensor, points: Tensor, mirror: tuple[int, ...], margin: float) -> tuple[Tensor, Tensor]:
    """Flip, turn, scale and shift the 80-pixel crop inside the stored one; pictures (B, 1, 80, 80) in [0, 1]."""
    places = draw_places(len(crops), margin)
    theta = torch.cat([places.matrix, places.shift[..., None]], 2)
    grid = F.affine_grid(theta, (len(crops), 1, SIZE, SIZE), align_corners=False)
    pictures = F.grid_sample(crops[:, None].float() / 255, grid, padding_mode="border", align_corners=False)
    return pictures, places.move(points, crops.shape[-1], mirror)


def relight(pictures: Tensor) -> Tensor:
    """Another tone curve, and a light that falls off across the picture."""
    b = len(pictures)
    gamma = torch.exp(torch.randn(b, 1, 1, 1) * 0.35)
    low = torch.empty(b, 1, 3, 3).normal_(0, 0.35)
    light = torch.exp(F.interpolate(low, size=pictures.shape[-2:], mode="bilinear", align_corners=True))
    contrast = torch.exp(torch.randn(b, 1, 1, 1) * 0.3)
    lit = pictures.clamp(1e-3, 1) ** gamma * torch.where(torch.rand(b, 1, 1, 1) < 0.7, light, 1.0)
    return ((lit - 0.5) * contrast + 0.5).clamp(0, 1)


def hide(pictures: Tensor) -> Tensor:
    """Up to two rectangles or ellipses, flat, striped or cut from another face of the batch, over each picture."""
    axis = torch.linspace(-1, 1, pictures.shape[-1])
    for chance in (0.4, 0.25):
        b = len(pictures)
        centre, half = torch.empty(b, 2, 1, 1).uniform_(-1, 1), torch.empty(b, 2, 1, 1).uniform_(0.08, 0.45)
        angle = torch.empty(b, 1, 1).uniform_(0, math.pi)
        x, y = axis - centre[:, 0], axis[:, None] - centre[:, 1]
        u, v = angle.cos() * x + angle.sin() * y, angle.cos() * y - angle.sin() * x
        round_ = ((u / half[:, 0]) ** 2 + (v / half[:, 1]) ** 2) < 1
        square = (u.abs() < half[:, 0]) & (v.abs() < half[:, 1])
        mask = torch.where(torch.rand(b, 1, 1) < 0.5, round_, square) & (torch.rand(b, 1, 1) < chance)
        stripes = torch.rand(b, 1, 1) + 0.2 * torch.sin(u * torch.empty(b, 1, 1).uniform_(0, 60)) * torch.rand(b, 1, 1)
        other = pictures.roll(1, 0)[:, 0].roll((13, 29), (1, 2))
        filling = torch.where(torch.rand(b, 1, 1) < 0.7, stripes.clamp(0, 1), other)
        pictures = torch.where(mask[:, None], filling[:, None], pictures)
    return pictures


def soften(pictures: Tensor) -> Tensor:
    """A third as they are, a third blurred, a third as if taken with few pixels."""
    b, size = len(pictures), pictures.shape[-1]
    order = torch.rand(b)
    small = F.interpolate(pictures, size=int(torch.randint(24, 64, ())), mode="bilinear", antialias=True)
    coarse = F.interpolate(small, size=size, mode="bilinear")
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    blurred = F.conv2d(pictures, (kernel[:, None] * kernel)[None, None], padding=2)
    edge = torch.ones_like(pictures[:1])
    blurred = blurred / F.conv2d(edge, (kernel[:, None] * kernel)[None, None], padding=2)
    pick = order[:, None, None, None]
    return torch.where(pick < 0.33, pictures, torch.where(pick < 0.66, blurred, coarse))


def grain(pictures: Tensor) -> Tensor:
    """Noise of a random strength."""
    strength = torch.empty(len(pictures), 1, 1, 1).uniform_(0, 0.25) ** 2
    return pictures + strength * torch.randn_like(pictures)
