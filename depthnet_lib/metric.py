"""Metric depth of a face from its keypoints alone, learned from unlabelled 2D faces; not in the paper.

A network of one face: no target enters, for the depth of a face does not depend on who is looked at next. What it may
know without seeing anything in 3D is built in: depth stays when the picture is turned in its plane or resized, and a
face's mirror image has the mirrored depth. It learns in two parts, see `recipes.MetricRecipe`: a teacher's depth
first, then the loss of section 2.3 with `geometry.rigidity`, which settles the gauge that the loss alone leaves open.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from .affine import solve_camera, to_unit
from .depth_model import DepthModel, Faces
from .errors import InputError
from .geometry import consistent_signs, factorization
from .layouts import Layout, layout_of
from .metrics import mean_head
from .networks import initialise
from .recipes import METRIC_RECIPES, ORACLE_RECIPES, Recipe
from .shape_fit import fit_shapes

Teacher = Callable[[Tensor, Layout, torch.Generator], Tensor]
_TARGETS = 1000  # faces that one face is factorized against; more bring nothing
_STRANGE_SIZE, _STRANGE_FORM = 0.25, 0.97  # log ratio of sizes, and correlation, beyond which a depth is not a person's


def factorized(x: Tensor, layout: Layout, generator: torch.Generator) -> Tensor:
    """Depth (M, N) of unit-spread faces x (M, N, 2): each by `geometry.factorization` against some of the others and
    their mirror images, the signs made one over all faces before the near points decide for all at once."""
    some = x[torch.randperm(len(x), generator=generator)[: _TARGETS // 2]]
    targets = torch.cat([some, mirrored(some, layout)]) if layout.mirror else some
    z = factorization(x, targets, replace(layout, near=(), far=()))
    return consistent_signs(z, x, layout.near, layout.far)


def one_head(x: Tensor, layout: Layout, generator: torch.Generator) -> Tensor:
    """Depth (M, N) of the one head that all faces share, turned to each: the mean of the factorized heads, with as
    much weight on its mirror image. What chance does to a single face's tilt and scale averages out."""
    z = factorized(x, layout, generator)
    shapes = torch.cat([x, z[..., None]], -1)
    if layout.mirror:
        shapes = torch.cat([shapes, torch.cat([mirrored(x, layout), z[:, list(layout.mirror), None]], -1)])
    mean = mean_head(shapes)
    return (mean @ solve_camera(mean, x).mT)[..., 2]


def shaped(x: Tensor, layout: Layout, generator: torch.Generator) -> Tensor:
    """Depth (M, N) by the shapes of people that the same faces determine (`shape_fit`), whose cameras see perspective.

    A face that no such shape explains, with a point led astray, gets the depth of the shared head instead: told by a
    depth far from it.
    """
    head = one_head(x, layout, generator)
    z = fit_shapes(x, layout, int(torch.randint(2**31, (1,), generator=generator))).depth(x)
    odd = (z.norm(dim=1) / head.norm(dim=1)).log().abs() > _STRANGE_SIZE
    odd |= torch.cosine_similarity(z, head, dim=1) < _STRANGE_FORM
    return torch.where(odd[:, None], head, z)


# Who can teach: (unit-spread faces (M, N, 2) float64, layout, generator) -> depth (M, N), metric and in the same unit.
TEACHERS: dict[str, Teacher] = {"factorization": factorized, "head": one_head, "shapes": shaped}


def mirrored(x: Tensor, layout: Layout) -> Tensor:
    """The keypoints (..., N, 2) of the mirror images of centred faces."""
    return x[..., list(layout.mirror), :] * torch.tensor([-1.0, 1.0], dtype=x.dtype, device=x.device)


class MetricDepth(DepthModel):
    """``metric``: taught by geometry, refined by the losses of section 2.3 and of rigidity."""

    recipes, trained = METRIC_RECIPES, True

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        layers: list[nn.Module] = []
        for width, following in zip((2 * n_keypoints, *recipe.hidden), recipe.hidden, strict=False):
            layers += [nn.Linear(width, following), nn.BatchNorm1d(following), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Linear(recipe.hidden[-1], n_keypoints))
        self.register_buffer("mean", torch.zeros(n_keypoints, 2))
        self.layout = layout_of(n_keypoints)

    def reset(self, generator: torch.Generator) -> None:
        initialise(self.net, generator)

    def fit(self, faces: Faces, generator: torch.Generator) -> None:
        """The mean 2D face, to which faces are turned upright."""
        x = to_unit(faces.xy)[0]
        self.mean = x.mean(0)
        for _ in range(5):
            self.mean = to_unit(self.upright(x).mean(0))[0]
            if self.layout.mirror:
                self.mean = (self.mean + mirrored(self.mean, self.layout)) / 2

    def upright(self, x: Tensor) -> Tensor:
        """Centred faces (..., N, 2) turned in the picture plane so that they lie best on the mean face."""
        dot, cross = (x * self.mean).sum((-2, -1)), (x[..., 0] * self.mean[:, 1] - x[..., 1] * self.mean[:, 0]).sum(-1)
        c, s = torch.stack([dot, cross]) / torch.hypot(dot, cross).clamp_min(torch.finfo(x.dtype).tiny)
        return torch.stack([c[..., None] * x[..., 0] - s[..., None] * x[..., 1],
                            s[..., None] * x[..., 0] + c[..., None] * x[..., 1]], -1)  # fmt: skip

    def unit_depth(self, x: Tensor) -> Tensor:
        """Depth (..., N), centred, of unit-spread faces x (..., N, 2) in their unit."""
        x = self.upright(x)
        run = lambda x: self.net(x.flatten(-2).flatten(0, -2)).unflatten(0, x.shape[:-2])  # noqa: E731
        z = run(x)
        if self.recipe.mirror and self.layout.mirror:
            z = (z + run(mirrored(x, self.layout))[..., list(self.layout.mirror)]) / 2
        return z - z.mean(-1, keepdim=True)

    def encode(self, faces: Faces) -> Faces:
        x, _, scale = to_unit(faces.xy)
        return replace(faces, code=(self.unit_depth(x) * scale[..., 0],))

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return source.code[0]

    def lesson(self, faces: Faces, layout: Layout, generator: torch.Generator) -> Tensor:
        """The depth (M, N) that the network learns first, in units of each face's spread."""
        if self.recipe.teacher not in TEACHERS:
            raise InputError(f"teacher {self.recipe.teacher}", "unknown", f"choose one of: {', '.join(TEACHERS)}")
        return TEACHERS[self.recipe.teacher](to_unit(faces.xy.double())[0], layout, generator).float()


def open_sign(layout: Layout) -> str | None:
    """What to say where a layout names no near and far points, which alone settle the sign of depth."""
    if layout.near and layout.far:
        return None
    return (
        f"the sign of depth is open: {layout.name} names no near and far points, so noses may point away from the "
        "viewer, all or none; put arrays near and far (indices of points) into the .npz to settle it"
    )


class Oracle(MetricDepth):
    """``oracle``: the same network taught true depth, the ceiling of what one face's keypoints tell."""

    recipes, needs_depth = ORACLE_RECIPES, True

    def lesson(self, faces: Faces, layout: Layout, generator: torch.Generator) -> Tensor:
        return (faces.z - faces.z.mean(-1, keepdim=True)) / to_unit(faces.xy)[2][..., 0]
