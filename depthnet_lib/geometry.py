"""What geometry alone says of depth from pairs of faces: the gauge, the optimum, rigidity, and metric depth.

Nothing here is learned and nothing has seen a depth. Shapes as everywhere: source keypoints ``x_s`` (..., N, 2), depth
``z`` (..., N), affine ``m`` (..., 2, 4). Coordinates may be in any unit: depth comes out in the same one, centred.

Three facts carry the module. Write P for the projection of N numbers onto what neither a constant nor x_s explains.
The residual of a pair after the best affine of equation 3 is P x_t minus its part along P z; hence
1. only the direction of P z matters: depth is free up to z -> a z + b x + c y + e (`gauge`);
2. the best direction is the leading eigenvector of P x_t x_t^T P (`pair_optimum`, `source_optimum`);
3. the four free numbers are settled by asking that cameras be cameras (`rigidity`, `metric_upgrade`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from .affine import apply_affine, solve_affine_2d, to_unit
from .layouts import Layout, layout_of

_DEEPEST = 2.0  # no face is deeper, beyond its best plane, than twice its own spread in the picture
_CHUNK = 256  # sources at a time: bounds the memory of many sources against many targets


def gauge(z: Tensor, x_s: Tensor, a: float = 1.0, b: float = 0.0, c: float = 0.0, e: float = 0.0) -> Tensor:
    """a z + b x + c y + e (..., N): every depth that fits all targets exactly as well as z does (a not 0).

    Proof: [x y z 1] and [x y az+bx+cy+e 1] have the same column space, and the residual of least squares is the
    distance from x_t to that space. So the loss of section 2.3 sees neither sign nor scale nor tilt of depth.
    """
    return a * z + b * x_s[..., 0] + c * x_s[..., 1] + e


def pair_optimum(x_s: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor]:
    """The depth (..., N) that fits one target best, unit norm, and its MSE (...), below which no depth can get.

    The residual E = P x_t of the 2D affine is N x 2, of rank 2. With a depth of direction u = P z / |P z| the
    residual is (I - u u^T) E; among unit u, |u^T E|^2 is at most sigma_1^2, reached by the first left singular vector.
    What remains is sigma_2^2 over 2N coordinates.
    """
    flat = torch.zeros_like(x_s[..., 0])
    residual = x_t - apply_affine(x_s, flat, solve_affine_2d(x_s, x_t))
    gram = residual.mT @ residual
    xx, yy, xy = gram[..., 0, 0], gram[..., 1, 1], gram[..., 0, 1]
    gap = ((xx - yy).square() + 4 * xy.square()).sqrt()  # of the eigenvalues sigma_1^2 and sigma_2^2
    angle = torch.atan2(2 * xy, xx - yy) / 2
    z = residual @ torch.stack([angle.cos(), angle.sin()], -1)[..., None]
    z = z / z.norm(dim=-2, keepdim=True).clamp_min(torch.finfo(z.dtype).tiny)
    return z[..., 0], (xx + yy - gap).clamp_min(0) / (4 * x_s.shape[-2])


def source_optimum(x_s: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The one depth (..., N) of each source that fits all targets (T, N, 2) best, unit norm, and its mean MSE (...).

    As for a pair, with the residuals of all targets side by side: the leading eigenvector of sum_t E_t E_t^T. That
    sum is P C P with C = sum_t x_t x_t^T common to all sources, so the number of targets costs next to nothing.
    """
    flat = _centred(targets).movedim(-3, -2).flatten(-2)  # (N, 2T)
    outside = _outside(x_s)
    values, vectors = torch.linalg.eigh(outside @ (flat @ flat.mT) @ outside)
    mse = (values.sum(-1) - values[..., -1]) / (x_s.shape[-2] * flat.shape[-1])
    return vectors[..., -1], mse.clamp_min(0)


def rigidity(m: Tensor) -> Tensor:
    """How far an affine (..., 2, 4) is from a turned head seen from afar: 0 for s R, 1 for a rank-1 squeeze, (...).

    With a, b the first three entries of its rows: (4 (a.b)^2 + (|a|^2 - |b|^2)^2) / (|a|^2 + |b|^2)^2. The Gram
    matrix [[a.a, a.b], [a.b, b.b]] has eigenvalues sigma_1^2, sigma_2^2; their squared difference is the numerator
    and their squared sum the denominator. So it is zero exactly where a and b are orthogonal and equally long: two
    rows of a rotation times a scale, a scaled-orthographic camera. The gauge of depth changes it; it is the loss that
    the pinv loss lacks.
    """
    a, b = m[..., 0, :3], m[..., 1, :3]
    aa, bb, ab = a.square().sum(-1), b.square().sum(-1), (a * b).sum(-1)
    return (4 * ab.square() + (aa - bb).square()) / (aa + bb).square().clamp_min(torch.finfo(m.dtype).tiny)


def metric_upgrade(z: Tensor, x_s: Tensor, targets: Tensor) -> Tensor:
    """The z of the gauge for which the targets' cameras are most rigid: tilt and scale in closed form, sign open.

    z (S, N), x_s (S, N, 2), targets (T, N, 2), at least two of them turned about different axes -> (S, N), centred.

    Let u = P z with mean square 1, and m the affine for [x y u], rows (a, a3) and (b, b3) with a, b of two numbers.
    For z' = k (u + s.(x, y)) the rows become (a - s a3, a3 / k) and (b - s b3, b3 / k). Orthogonal and equally long:
        a.b - s.(a b3 + b a3) + q a3 b3 = 0,    |a|^2 - |b|^2 - 2 s.(a a3 - b b3) + q (a3^2 - b3^2) = 0
    with q = |s|^2 + 1 / k^2: linear in the three unknowns (s, q), solved by least squares over the targets, each
    divided by its own size |a|^2 + |b|^2.
    """
    x, _, scale = to_unit(x_s)
    q = _centred(targets)
    u = (_outside(x) @ z[..., None])[..., 0]
    u = u * (u.shape[-1] ** 0.5 / u.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(u.dtype).tiny))
    read = torch.cat([torch.linalg.pinv(x), u[..., None, :] / u.shape[-1]], -2)  # (S, 3, N): points -> row of m
    rows = torch.einsum("skn,tnc->stck", read, q)
    a, b, a3, b3 = rows[..., 0, :2], rows[..., 1, :2], rows[..., 0, 2:], rows[..., 1, 2:]
    size = (a.square() + b.square()).sum(-1, keepdim=True).clamp_min(torch.finfo(u.dtype).tiny)
    orthogonal = 2 * torch.cat([-(a * b3 + b * a3), a3 * b3, (a * b).sum(-1, keepdim=True)], -1) / size
    equal = torch.cat([-2 * (a * a3 - b * b3), a3**2 - b3**2, (a**2 - b**2).sum(-1, keepdim=True)], -1) / size
    system = torch.cat([orthogonal, equal], -2)  # (S, 2T, 4): coefficients of s_x, s_y, q, and the constant
    gram = system.mT @ system
    # The ridge is felt only where the targets do not turn: there s and q stay 0 instead of exploding.
    ridge = 1e-12 * gram.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None] + torch.finfo(u.dtype).tiny ** 0.5
    s = torch.linalg.solve(gram[..., :3, :3] + ridge * torch.eye(3).to(gram), -gram[..., :3, 3:])[..., 0]
    k = (s[..., 2] - s[..., :2].square().sum(-1)).clamp_min(_DEEPEST**-2).rsqrt()
    return k[..., None] * (u + (x @ s[..., :2, None])[..., 0]) * scale[..., 0]


def orient(z: Tensor, near: Sequence[int], far: Sequence[int]) -> Tensor:
    """z (..., N) with the sign that puts the `near` points before the `far` ones; unchanged where none are named.

    The mirror image in depth of a head turned the other way casts the same points, whoever the targets are: two
    dimensions never tell the sign, so somebody must say that noses are in front of jaws.
    """
    if not (near and far):
        return z
    return torch.where((z[..., list(near)].mean(-1) >= z[..., list(far)].mean(-1))[..., None], z, -z)


def consistent_signs(z: Tensor, x: Tensor, near: Sequence[int], far: Sequence[int]) -> Tensor:
    """z (M, N) of many faces x (M, N, 2), all with the same sign; `orient` of all at once settles which.

    What no plane over a face explains of its depth hardly changes with pose, so the leading right singular vector of
    those parts is the shape that all share, and each face's sign is that of its part along it. Where `near` and `far`
    name nothing, one sign for all stays open.
    """
    u = (_outside(x) @ z[..., None])[..., 0]
    u = u / u.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(u.dtype).tiny)
    shared = torch.linalg.eigh(u.mT @ u)[1][:, -1]
    z = torch.where((u @ shared >= 0)[:, None], z, -z)
    if not (near and far):
        return z
    votes = z[:, list(near)].mean(1) - z[:, list(far)].mean(1)
    return z if votes.median() >= 0 else -z


def factorization(x_s: Tensor, targets: Tensor, layout: Layout | None = None) -> Tensor:
    """Metric depth of each source (..., N), centred, from unlabelled faces of other people: no learning, no depth.

    x_s (..., N, 2), targets (T, N, 2) in any unit (each target is brought to unit spread; about 100 suffice). The
    shared direction (`source_optimum`), its tilt and scale (`metric_upgrade`), its sign (`orient` by the layout's near
    and far points; a layout without them, as any N but 66, 68 and 76, leaves the sign of each face open: name points
    with ``dataclasses.replace(layout_of(n), near=..., far=...)``).
    """
    layout = layout or layout_of(x_s.shape[-2])
    targets = to_unit(targets)[0]
    flat = x_s.reshape(-1, *x_s.shape[-2:])
    depths = [metric_upgrade(source_optimum(x, targets)[0], x, targets) for x in flat.split(_CHUNK)]
    return orient(torch.cat(depths), layout.near, layout.far).reshape(x_s.shape[:-1])


def _centred(x: Tensor) -> Tensor:
    return x - x.mean(-2, keepdim=True)


def _outside(x_s: Tensor) -> Tensor:
    """P (..., N, N): the projection onto what neither a constant nor x_s explains."""
    basis = torch.cat([x_s, torch.ones_like(x_s[..., :1])], -1)
    return torch.eye(x_s.shape[-2], dtype=x_s.dtype, device=x_s.device) - basis @ torch.linalg.pinv(basis)
