"""Shapes of people learned from unlabelled 2D faces, one view of each (non-rigid structure from motion); not in the
paper.

Factorization (`geometry`) gives a mean to start from; expectation-maximisation of the model of `shapes` does the rest,
for faces under many poses determine the 3D covariance of all keypoints even from one view each. What it stands on:

- Cameras are integrated out, not fitted. The log posterior of a face is quadratic near its top (Laplace), so its
  camera is drawn from a Gaussian, and given the camera mean and loadings are linear least squares. A camera that is
  fitted and then taken for true has absorbed a part of the person.
- Perspective is of the size of what tells people apart: a face a metre away and the same seen from afar differ by 5%.
- The mirror image of a face is a face: each loading is symmetric or antisymmetric, exactly. With F the mirror's signs
  on axes and coefficients, the normal equations of a keypoint get F M F of its mirror point added.
- The noise has a floor. What loadings leave out and what is not Gaussian (expressions) is error too, shared by many
  points; were the noise let down to the residual, cameras would be bent to explain it.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .affine import solve_similarity, to_unit
from .errors import InputError
from .geometry import consistent_signs, factorization
from .layouts import Layout, layout_of
from .shapes import (
    CAMERA,
    CHUNK,
    ShapeModel,
    Views,
    cross,
    first_views,
    improved,
    joined,
    normal_equations,
    seen_by,
    trust,
)

# Least standard deviation of a keypoint, its face having unit spread. Seen on scans with true depth, then confirmed
# without: of 0, 0.01 and 0.02 the one at which two random halves of the keypoints of unseen faces agree best on the
# camera (1.14, 0.78, 0.68 degrees). RANK was chosen on those scans too.
FLOOR = 0.02
RANK, FACES, ROUNDS = 48, 2000, 25  # twice the faces bring 0.01 of identity score, half the rank costs 0.2
_SYMMETRIC = 5 / 8  # of the loadings, where the layout has mirror pairs
_MOMENTUM, _WARM_UP = 0.9, 15  # of the rounds: plain expectation-maximisation takes ten times as many
_CLOSE, _FAR = 0.03, 1e-3  # first guess of tau (a face's spread over its distance) and its least value


@dataclass(frozen=True)
class Mirror:
    """What a face's mirror image does: keypoint i comes from ``points[i]`` with its axes times ``axes`` (3,); loadings
    of ``parity`` -1 change their sign. A layout without mirror pairs has the identity for its mirror."""

    points: Tensor
    axes: Tensor
    parity: Tensor

    @classmethod
    def of(cls, layout: Layout, rank: int) -> "Mirror":
        symmetric = math.ceil(_SYMMETRIC * rank) if layout.mirror else rank
        parity = torch.ones(rank + 1, dtype=torch.float64)  # the mean, last, is symmetric
        parity[symmetric:rank] = -1
        axes = torch.tensor([-1.0 if layout.mirror else 1.0, 1.0, 1.0], dtype=torch.float64)
        return cls(torch.tensor(layout.mirror or range(layout.n)), axes, parity)

    def __call__(self, shapes: Tensor) -> Tensor:
        """The mirror images of shapes (..., N, 3)."""
        return shapes[..., self.points, :] * self.axes


def fit_shapes(
    xy: Tensor,
    layout: Layout | None = None,
    seed: int = 0,
    rank: int = RANK,
    rounds: int = ROUNDS,
    floor: float = FLOOR,
) -> ShapeModel:
    """The shape model of unlabelled faces xy (M, N, 2), in any unit: of `FACES` of them, chosen by the seed.

    The layout's near and far points fix the sign of depth; without them perspective does, where there is any.
    Raises InputError where xy has another shape, a number that is not finite, or fewer than 8 faces with an extent.
    """
    if xy.ndim != 3 or xy.shape[-1] != 2:
        raise InputError(f"faces of shape {tuple(xy.shape)}", "no shapes can be learned", "give keypoints (M, N, 2)")
    if not xy.isfinite().all():
        raise InputError("faces", "have a NaN or infinite value", "remove or repair those faces")
    xy = xy[(xy.amax(1) > xy.amin(1)).any(-1)].double()  # without those whose points are all one
    if len(xy) < 8:
        raise InputError(f"{len(xy)} faces", "no shapes can be learned", "give at least 8 that are not a point")
    layout = layout or layout_of(xy.shape[1])
    generator = torch.Generator().manual_seed(seed)
    x = to_unit(xy[torch.randperm(len(xy), generator=generator)[:FACES]])[0]
    mirror = Mirror.of(layout, min(rank, layout.n, len(x)))
    model = _first_model(x, layout, mirror, floor)
    draws = torch.randn(len(x), CAMERA, 1, dtype=x.dtype, generator=generator)  # the same in all rounds
    views, previous = model.views(x, 3), model.basis
    for k in range(rounds):
        momentum = _MOMENTUM * min(1.0, max(0, k - 4) / (_WARM_UP - 5))
        ahead = replace(model, basis=model.basis + momentum * (model.basis - previous))
        previous = model.basis
        views, moments = _expectation(ahead, views, x, draws)
        model, views, previous = _maximisation(ahead, moments, mirror, floor, views, previous)
    away = not (layout.near and layout.far) and model.closeness[0] < 0
    return model.from_behind() if away else model


def _first_model(x: Tensor, layout: Layout, mirror: Mirror, floor: float) -> ShapeModel:
    """Mean: of factorized faces, by Procrustes. Loadings: principal components of what it leaves in the pictures."""
    z = factorization(x[:1000], x[-1000:], replace(layout, near=(), far=()))
    z = consistent_signs(z, x[:1000], layout.near, layout.far)
    shapes = torch.cat([x[:1000], z[..., None]], -1)
    shapes = torch.cat([shapes, mirror(shapes)])
    mean = shapes[0]
    for _ in range(10):
        scale, rotation, _ = solve_similarity(shapes, mean)
        mean = (scale[:, None, None] * shapes @ rotation.mT).mean(0)
        mean = (mean + mirror(mean)) / 2
        mean = mean / mean.square().sum(1).mean().sqrt()
    closeness = torch.tensor([0.0, _CLOSE]).to(x)
    model = ShapeModel(mean[..., None], torch.full_like(x[0, :, 0], 1e-3).clamp_min(floor**2), closeness)
    view = first_views(model, x)
    rest = (x - view.shift[:, None]) / view.scale[:, None, None] - (mean @ view.rotation.mT)[..., :2]
    rest = rest @ view.rotation[:, :2]  # in the head's own frame, as far as one picture shows
    columns = []
    for sign in (1, -1):
        count = int((mirror.parity[:-1] == sign).sum())
        part = ((rest + sign * mirror(rest)) / 2).flatten(1)
        values, vectors = torch.linalg.eigh(part.mT @ part / len(part))
        columns.append((vectors * values.clamp_min(1e-9).sqrt()).flip(1)[:, :count].reshape(*mean.shape, count))
    return replace(model, basis=torch.cat([*columns, mean[..., None]], -1))


@dataclass
class Moments:
    """What the faces say of basis and noise. With a = (coefficients, 1) and y = P X the linearised picture of a
    keypoint: sums over faces of the six different numbers of P^T P times a a^T (6 N, R R), of P^T y times a (3 N, R),
    of |y|^2 (N,), of a a^T (R, R); and mean and standard deviation of the closeness."""

    curvature: Tensor
    slope: Tensor
    square: Tensor
    second: Tensor
    closeness: Tensor
    count: int


def _expectation(model: ShapeModel, views: Views, x: Tensor, draws: Tensor) -> tuple[Views, Moments]:
    """One Gauss-Newton step for every face, then the moments under cameras drawn from their posterior."""
    n, _, r = model.basis.shape
    zeros = lambda *shape: torch.zeros(*shape).to(x)  # noqa: E731
    moments = Moments(zeros(6 * n, r * r), zeros(3 * n, r), zeros(n), zeros(r, r), zeros(2), len(x))
    after, variance = [], 0.0
    upper = torch.triu_indices(3, 3)
    for rows in torch.arange(len(x)).split(CHUNK):
        curvature, slope = normal_equations(model, views[rows], x[rows])
        view = improved(views[rows], curvature, slope)
        after.append(view)
        share = trust(model, seen_by(model, view)[0], x[rows])
        drawn, spread, doubt = _drawn(model, view, x[rows], share, curvature, draws[rows])
        variance += doubt.sum() / len(x)
        seen, by_shape, _, shapes = seen_by(model, drawn)
        y = x[rows] - seen + (by_shape @ shapes[..., None])[..., 0]
        second = drawn.a[:, :, None] * drawn.a[:, None]
        second[:, :-1, :-1] += spread
        by_shape, y = by_shape * share.sqrt()[..., None, None], y * share.sqrt()[..., None]
        square = (by_shape.mT @ by_shape)[..., upper[0], upper[1]]  # (M, N, 6)
        moments.curvature += square.flatten(1).mT @ second.flatten(1)
        moments.slope += (by_shape.mT @ y[..., None]).flatten(1).mT @ drawn.a
        moments.square += y.square().sum((0, 2))
        moments.second += second.sum(0)
    views = joined(after)
    deviation = (views.closeness.var() + variance).sqrt()
    moments.closeness = torch.stack([views.closeness.mean(), deviation])
    return views, moments


def _drawn(
    model: ShapeModel, view: Views, x: Tensor, share: Tensor, curvature: Tensor, draws: Tensor
) -> tuple[Views, Tensor, Tensor]:
    """Cameras from their posterior, coefficients at their mean given the camera, their covariance (M, r, r) given the
    camera, and the posterior variance (M,) of the closeness."""
    c = CAMERA
    spread = torch.cholesky_inverse(torch.linalg.cholesky(curvature[:, c:, c:]))
    follow = spread @ curvature[:, c:, :c]
    factor = torch.linalg.cholesky(curvature[:, :c, :c] - curvature[:, :c, c:] @ follow)
    camera = torch.linalg.solve_triangular(factor.mT, draws, upper=True)
    drawn = view.moved(torch.cat([camera, -follow @ camera], 1)[..., 0])
    seen, by_shape, _, _ = seen_by(model, drawn)  # the valley is curved: a has to follow the camera once more
    pull = (by_shape.mT @ ((x - seen) * (share / model.noise)[..., None])[..., None]).flatten(
        1
    ) @ model.loadings.flatten(0, 1)
    better = drawn.a[:, :-1] + (spread @ (pull - drawn.a[:, :-1])[..., None])[..., 0]
    drawn = replace(drawn, a=torch.cat([better, drawn.a[:, -1:]], 1))
    return drawn, spread, torch.cholesky_inverse(factor)[:, -1, -1]


def _maximisation(
    model: ShapeModel, moments: Moments, mirror: Mirror, floor: float, views: Views, previous: Tensor
) -> tuple[ShapeModel, Views, Tensor]:
    """Basis and noise from the moments, in the standard gauge; views and the previous basis follow into it."""
    n, _, r = model.basis.shape
    place = torch.tensor([[0, 1, 2], [1, 3, 4], [2, 4, 5]])  # of the six numbers in the 3 x 3 matrix
    left = moments.curvature.reshape(n, 6, r, r)[:, place].transpose(2, 3).reshape(n, 3 * r, 3 * r)
    right = moments.slope.reshape(n, 3 * r)
    signs = (mirror.axes[:, None] * mirror.parity).flatten().to(right)
    left = left + signs[:, None] * left[mirror.points] * signs
    right, square = right + signs * right[mirror.points], moments.square + moments.square[mirror.points]
    ridge = 1e-6 * left.diagonal(dim1=1, dim2=2).mean(1)[:, None, None] * torch.eye(3 * r).to(left)
    basis = torch.cholesky_solve(right[..., None], torch.linalg.cholesky(left + ridge))
    error = square - (basis * (2 * right[..., None] - left @ basis))[..., 0].sum(1)
    noise = (error / (4 * moments.count)).clamp_min(floor**2)
    basis = _without_similarities(basis.reshape(n, 3, r))
    even = mirror.parity.to(basis) > 0
    centre = moments.second[:, -1] / moments.count * even  # of the coefficients, the mean shape's being 1
    spread = (moments.second / moments.count - centre[:, None] * centre)[:-1, :-1]
    spread = spread * (even[:-1, None] == even[:-1]) + 1e-9 * torch.eye(r - 1).to(spread)
    change = torch.eye(r).to(basis)
    change[:-1, :-1], change[:, -1] = torch.linalg.cholesky(spread), centre
    basis = basis @ change
    centred = basis[..., -1] - basis[..., -1].mean(0)
    size = centred.square().sum(1).mean().sqrt()
    a = torch.linalg.solve(change, views.a.mT)
    views = replace(views, scale=views.scale * size, closeness=views.closeness * size, a=a.mT)
    closeness = moments.closeness * size
    closeness[1] = closeness[1].clamp_min(_FAR)
    return ShapeModel(basis / size, noise, closeness), views, previous @ change / size


def _without_similarities(basis: Tensor) -> Tensor:
    """Loadings without the part that shifts, turns or resizes the mean: cameras do that already, and what two
    parameters share drifts without end."""
    mean = basis[..., -1] - basis[..., -1].mean(0)
    shift = torch.eye(3).to(mean).expand(len(mean), 3, 3)
    moves = torch.linalg.qr(torch.cat([shift, cross(mean), mean[..., None]], -1).flatten(0, 1))[0]
    loadings = basis[..., :-1].flatten(0, 1)
    loadings = (loadings - moves @ (moves.mT @ loadings)).unflatten(0, mean.shape)
    return torch.cat([loadings, basis[..., -1:]], -1)
