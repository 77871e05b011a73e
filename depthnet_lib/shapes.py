"""Shapes of people under cameras of their own: what a face in a picture says of its depth. Not in the paper.

A face of unit spread is a shape X = mean + sum_r a_r loading_r (N, 3), a standard normal over people and expressions,
under a camera of its own:
    x = s Y_xy / (1 - k Y_z) + t + noise,    Y = R X,    k ~ Normal(k_0, tau^2) the closeness (1 / distance),
R, s and t being free, the noise heavy-tailed (`trust`). A model of this kind is learned from unlabelled 2D faces
(`shape_fit`); the depth of a new face is that of its most probable shape and camera, a few Gauss-Newton steps from the
mean seen from afar.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .affine import solve_camera, to_unit

CAMERA = 7  # numbers of a camera: rotation 3, log scale, shift 2, closeness
CHUNK = 250  # faces at a time: their Jacobians stay in the cache
_NEAREST = 0.2  # of the distance of the face: no point of it is closer to the camera
_TAIL = 4.0  # degrees of freedom of the noise: a point ten deviations off counts as 6 % of one on its place
_STEP = 0.3  # radians that a camera may turn at once


@dataclass(frozen=True)
class Views:
    """Cameras and shapes of M faces: ``rotation`` (M, 3, 3), ``scale`` (M,), ``shift`` (M, 2), ``closeness`` (M,), and
    the coefficients ``a`` (M, r + 1) of loadings and mean, the last one 1."""

    rotation: Tensor
    scale: Tensor
    shift: Tensor
    closeness: Tensor
    a: Tensor

    def __getitem__(self, rows) -> "Views":
        return Views(*(getattr(self, f)[rows] for f in self.__dataclass_fields__))

    def moved(self, step: Tensor) -> "Views":
        """After a step (M, 7 + r): a rotation vector, then differences of log scale, shift, closeness and a."""
        turn = torch.linalg.matrix_exp(cross(step[:, :3]))
        a = torch.cat([self.a[:, :-1] + step[:, CAMERA:], self.a[:, -1:]], 1)
        scale = self.scale * step[:, 3].clamp(-0.5, 0.5).exp()
        return Views(turn @ self.rotation, scale, self.shift + step[:, 4:6], self.closeness + step[:, 6], a)


@dataclass(frozen=True)
class ShapeModel:
    """``basis`` (N, 3, r + 1): the loadings and, last, the mean shape, of size 1; ``noise`` (N,) variances;
    ``closeness`` (2,): mean and standard deviation of k over faces."""

    basis: Tensor
    noise: Tensor
    closeness: Tensor

    @property
    def mean(self) -> Tensor:
        return self.basis[..., -1]

    @property
    def loadings(self) -> Tensor:
        return self.basis[..., :-1]

    def views(self, x: Tensor, steps: int = 6) -> Views:
        """The most probable camera and shape of each face x (M, N, 2) of unit spread, by Gauss-Newton steps."""
        views = []
        for part in x.split(CHUNK):
            view = first_views(self, part)
            for _ in range(steps):
                view = improved(view, *normal_equations(self, view, part))
            views.append(view)
        return joined(views)

    def depth(self, xy: Tensor) -> Tensor:
        """z (..., N), centred and in the unit of the keypoints xy (..., N, 2)."""
        x, _, scale = to_unit(xy.reshape(-1, *xy.shape[-2:]).to(self.basis.dtype))
        view = self.views(x)
        z = view.scale[:, None] * (shapes_of(self, view) @ view.rotation[:, 2, :, None])[..., 0]
        return ((z - z.mean(-1, keepdim=True)) * scale[..., 0]).reshape(xy.shape[:-1]).to(xy.dtype)

    def from_behind(self) -> "ShapeModel":
        """The other model of the same pictures: depth and closeness negated."""
        axes, sign = torch.tensor([[1.0], [1.0], [-1.0]]), torch.tensor([-1.0, 1.0])
        return replace(self, basis=self.basis * axes.to(self.basis), closeness=self.closeness * sign.to(self.basis))


def first_views(model: ShapeModel, x: Tensor) -> Views:
    """Everybody is the mean, seen from afar."""
    centre = model.mean.mean(0)
    camera = solve_camera(model.mean - centre, x)
    scale = camera[:, 2].norm(dim=1)
    rotation = camera / scale.clamp_min(torch.finfo(x.dtype).tiny)[:, None, None]
    a = torch.zeros(len(x), model.basis.shape[-1]).to(x)
    a[:, -1] = 1
    shift = x.mean(1) - scale[:, None] * (rotation[:, :2] @ centre)
    return Views(rotation, scale, shift, model.closeness[:1].expand(len(x)), a)


def shapes_of(model: ShapeModel, view: Views) -> Tensor:
    """(M, N, 3) shapes in the head's own frame."""
    return (view.a @ model.basis.flatten(0, 1).mT).unflatten(1, model.basis.shape[:2])


def seen_by(model: ShapeModel, view: Views) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Picture (M, N, 2) of the shapes, its derivatives by shape (M, N, 2, 3) and camera (M, N, 2, 7), and shapes."""
    shapes = shapes_of(model, view)
    y = shapes @ view.rotation.mT
    near = 1 / (1 - view.closeness[:, None] * y[..., 2]).clamp_min(_NEAREST)
    size = (view.scale[:, None] * near)[..., None, None]
    slant = (view.closeness[:, None] * near)[..., None] * y[..., :2]
    by_y = size * torch.cat([torch.eye(2).to(y).expand(*y.shape[:2], 2, 2), slant[..., None]], -1)
    flat = size[..., 0] * y[..., :2]
    by_camera = torch.cat(
        [
            by_y @ cross(-y),  # Y turns by w x Y = -Y x w
            flat[..., None],
            torch.eye(2).to(y).expand(*y.shape[:2], 2, 2),
            (near * y[..., 2])[..., None, None] * flat[..., None],
        ],
        -1,
    )
    return flat + view.shift[:, None], by_y @ view.rotation[:, None], by_camera, shapes


def trust(model: ShapeModel, seen: Tensor, x: Tensor) -> Tensor:
    """(M, N) weights of keypoints whose noise has a Student t distribution: a point led astray has next to none."""
    return (_TAIL + 2) / (_TAIL + (x - seen).square().sum(-1) / model.noise)


def normal_equations(model: ShapeModel, view: Views, x: Tensor) -> tuple[Tensor, Tensor]:
    """Curvature (M, 7 + r, 7 + r) and slope (M, 7 + r) of the log posterior of cameras and coefficients."""
    seen, by_shape, by_camera, _ = seen_by(model, view)
    weight = (trust(model, seen, x) / model.noise).sqrt()[..., None]
    by_a = torch.einsum("nkij,kjr->nkir", by_shape, model.loadings)
    jacobian = (torch.cat([by_camera, by_a], -1) * weight[..., None]).flatten(1, 2)
    prior = torch.ones(jacobian.shape[-1]).to(x)
    prior[: CAMERA - 1], prior[CAMERA - 1] = 1e-6, model.closeness[1] ** -2
    closeness = (view.closeness - model.closeness[0])[:, None]
    off = torch.cat([view.a.new_zeros(len(x), CAMERA - 1), closeness, view.a[:, :-1]], 1)
    slope = (jacobian.mT @ ((x - seen) * weight).flatten(1)[..., None])[..., 0] - prior * off
    return jacobian.mT @ jacobian + torch.diag(prior), slope


def improved(view: Views, curvature: Tensor, slope: Tensor) -> Views:
    """After one step uphill."""
    step = torch.cholesky_solve(slope[..., None], torch.linalg.cholesky(curvature))[..., 0]
    return view.moved(step * (_STEP / step[:, :3].norm(dim=1).clamp_min(_STEP))[:, None])


def cross(v: Tensor) -> Tensor:
    """(..., 3, 3) matrices of the cross product: cross(v) @ w = v x w."""
    x, y, z = v.unbind(-1)
    o = torch.zeros_like(x)
    return torch.stack([o, -z, y, z, o, -x, -y, x, o], -1).unflatten(-1, (3, 3))


def joined(views: list[Views]) -> Views:
    return Views(*(torch.cat([getattr(v, f) for v in views]) for f in Views.__dataclass_fields__))
