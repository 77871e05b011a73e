"""AIGN (Tung et al. 2017) for faces, as section 3.2 compares with it: heat maps of 2D keypoints in, 3D keypoints out.

The 3D points must project onto the 2D ones (reprojection) and look like true 3D faces (adversarial loss); true depth
trains it, but never the depth of the face at hand. It knows one face and no target.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from ..adversarial import Adversarial, Critic
from ..affine import to_unit
from ..depth_model import Faces, with_depth
from ..networks import initialise
from ..recipes import AIGN_RECIPES, Recipe

SIDE = 16  # of a heat map, in cells
EXTENT = 2.2  # half the side of the square that heat maps cover, in units of the face's spread
WIDTH = 1.0  # standard deviation of a heat map's peak in cells: wide enough to tell where between two cells it lies


def heat_maps(unit: Tensor) -> Tensor:
    """Unit-spread keypoints (..., N, 2) -> heat maps (..., N, 16, 16), a Gaussian peak of height 1 at each point."""
    cells = torch.arange(SIDE, device=unit.device, dtype=unit.dtype)
    where = (unit + EXTENT) * (SIDE / (2 * EXTENT)) - 0.5
    x, y = torch.exp(-((where[..., None] - cells) ** 2) / (2 * WIDTH**2)).unbind(-2)
    return y[..., :, None] * x[..., None, :]


class HeatMapNet(nn.Sequential):
    """Two strided convolutions and two dense layers: heat maps (B, N, 16, 16) -> (B, 3 N)."""

    def __init__(self, n_keypoints: int):
        super().__init__(
            nn.Conv2d(n_keypoints, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(128 * (SIDE // 4) ** 2, 256),
            nn.ReLU(),
            nn.Linear(256, 3 * n_keypoints),
        )


class AIGN(Adversarial):
    """Heat maps -> 3D keypoints of the source in its own frame; the affine is fitted to them (equation 3)."""

    recipes = AIGN_RECIPES

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.net = HeatMapNet(n_keypoints)
        self.critic = Critic(3 * n_keypoints)

    def reset(self, generator: torch.Generator) -> None:
        initialise(self, generator)

    def encode(self, faces: Faces) -> Faces:
        x = to_unit(faces.xy)[0]
        points = self.net(heat_maps(x).flatten(0, -4))
        return replace(faces, code=(points.view(*x.shape[:-1], 3),))

    def points(self, source: Faces, target: Faces) -> Tensor:
        _, centre, scale = to_unit(source.xy)
        return source.code[0] * scale + torch.cat([centre, torch.zeros_like(scale)], -1)

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """Reprojection: squared distances to the 2D keypoints, summed over them, of both faces."""
        both = [face.code[0][..., :2] - to_unit(face.xy)[0] for face in (source, target)]
        return torch.cat(both).square().sum((-2, -1)).mean()

    def judged(self, source: Faces, target: Faces) -> tuple[Tensor, Tensor]:
        faces = []
        for face in (source, target):
            x, _, scale = to_unit(face.xy)
            fake = face.code[0] - face.code[0].mean(-2, keepdim=True)
            faces.append((with_depth(x, face.z / scale[..., 0]).flatten(-2), fake.flatten(-2)))
        real, fake = (torch.cat(part) for part in zip(*faces, strict=True))
        return real.roll(len(real) // 3, 0), fake  # other people's truth: nothing pairs a face with its own depth
