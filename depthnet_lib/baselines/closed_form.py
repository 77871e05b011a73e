"""Models without a network: no depth, true depth, and depth from the geometry of many faces."""

from dataclasses import replace

import torch
from torch import Tensor

from ..affine import solve_affine_2d, to_unit
from ..depth_model import DepthModel, Faces
from ..errors import InputError
from ..geometry import factorization, orient, pair_optimum
from ..layouts import layout_of
from ..recipes import Recipe
from ..shape_fit import RANK, fit_shapes
from ..shapes import ShapeModel


class Affine2D(DepthModel):
    """Model 1 of table 1: no depth at all."""

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return torch.zeros_like(source.xy[..., 0])

    def affine(self, points: Tensor, source: Faces, target: Faces) -> Tensor:
        return solve_affine_2d(points[..., :2], target.xy)


class TrueDepth(DepthModel):
    """GT depth of table 3: the affine fitted to true depth."""

    needs_depth = True

    def depth(self, source: Faces, target: Faces) -> Tensor:
        if source.z is None:
            raise InputError("gt", "the data set has no true depth", "choose a set with depth, or another model")
        return source.z


class Optimum(DepthModel):
    """The best depth of each pair (`geometry.pair_optimum`): no model's error can be lower; not in the paper."""

    def depth(self, source: Faces, target: Faces) -> Tensor:
        layout = layout_of(self.n_keypoints)
        x_s, x_t = source.xy.double(), target.xy.double()
        z = orient(pair_optimum(x_s, x_t)[0], layout.near, layout.far)
        return (z * to_unit(x_s)[2][..., 0]).to(source.xy.dtype)


class Factorization(DepthModel):
    """Metric depth in closed form from unlabelled faces (see `geometry.factorization`); not in the paper."""

    n_targets = 1000  # more bring nothing; fewer, and a chance draw of poses shows

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.register_buffer("targets", torch.zeros(self.n_targets, n_keypoints, 2))

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        some = torch.randperm(len(faces.xy), generator=generator)
        rounds = -(-self.n_targets // len(some))  # small sets are used more than once
        self.targets = to_unit(faces.xy[some.repeat(rounds)[: self.n_targets]])[0].float()

    def encode(self, faces: Faces) -> Faces:
        z = factorization(faces.xy.double(), self.targets.double())
        return replace(faces, code=(z.to(faces.xy.dtype),))

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]


class Shapes(DepthModel):
    """Depth by the 3D shapes that unlabelled faces, each seen once, have in common (see `shape_fit`); not in the
    paper. It is what teaches ``metric``, asked directly."""

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.register_buffer("basis", torch.zeros(n_keypoints, 3, min(RANK, n_keypoints) + 1))
        self.register_buffer("noise", torch.ones(n_keypoints))
        self.register_buffer("closeness", torch.ones(2))

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        shapes = fit_shapes(faces.xy, seed=int(torch.randint(2**31, (1,), generator=generator)))
        self.basis.zero_()[..., -shapes.basis.shape[-1] :] = shapes.basis  # few faces have fewer loadings
        self.noise.copy_(shapes.noise)
        self.closeness.copy_(shapes.closeness)

    def encode(self, faces: Faces) -> Faces:
        shapes = ShapeModel(self.basis.double(), self.noise.double(), self.closeness.double())
        return replace(faces, code=(shapes.depth(faces.xy),))

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]
