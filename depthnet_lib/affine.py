"""Closed forms of the paper: 2D affine, 3D-to-2D affine (equations 2 and 3), and the best similarity (Procrustes).

Symbols as in the paper: source keypoints ``x_s`` and targets ``x_t`` (..., N, 2), depth ``z`` (..., N), affine ``m``
(..., 2, 4) with rows (m1 m2 m3 tx) and (m4 m5 m6 ty). Leading dimensions broadcast, so one source can be solved
against many targets. Everything is differentiable unless it says otherwise.
"""

import torch
from torch import Tensor

# Shares of the keypoints' squared spread that are added to what is divided by, so that nothing explodes where points
# lie on a line (first) or depth on a plane (second). On sound faces they move the result by less than round-off does.
_LINE = {torch.float64: 1e-12, torch.float32: 1e-6}
PLANE = {torch.float64: 1e-12, torch.float32: 1e-8}


def to_unit(xy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keypoints (..., N, 2) as (unit, centre (..., 1, 2), scale (..., 1, 1)): unit = (xy - centre) / scale.

    The scale is the root mean square distance of the points from their centre; depth in unit coordinates times scale
    is depth in the input's unit.
    """
    centre = xy.mean(-2, keepdim=True)
    scale = (xy - centre).square().sum(-1).mean(-1).sqrt()[..., None, None]
    scale = scale.clamp_min(torch.finfo(xy.dtype).eps)  # all points equal: finite, and flat
    return (xy - centre) / scale, centre, scale


def design_matrix(x_s: Tensor, z: Tensor) -> Tensor:
    """X = [x y z 1] (..., N, 4), the rows that the affine multiplies (equation 1)."""
    return torch.cat([x_s, z[..., None], torch.ones_like(z)[..., None]], -1)


def stacked_system(x_s: Tensor, z: Tensor) -> Tensor:
    """A (..., 2N, 8) of equation 2, rows x and y of each keypoint in turn, so that A m = x_t with m = (m1 ... ty).

    It spells out what `solve_affine` computes from X alone: half of its entries are zero.
    """
    rows = design_matrix(x_s, z)
    zeros = torch.zeros_like(rows)
    pairs = torch.stack([torch.cat([rows, zeros], -1), torch.cat([zeros, rows], -1)], -2)
    return pairs.flatten(-3, -2)


def apply_affine(x_s: Tensor, z: Tensor, m: Tensor) -> Tensor:
    """x_n = m [x y z 1]^T (..., N, 2): where the affine puts the source keypoints (section 2.1, step 4)."""
    return design_matrix(x_s, z) @ m.mT


def solve_affine(x_s: Tensor, z: Tensor, x_t: Tensor) -> Tensor:
    """m (..., 2, 4) = (A^T A)^-1 A^T x_t, the least-squares affine of equation 3.

    Solved by projection: points are centred, the 2D affine is fitted with a 2 x 2 inverse, and what depth adds is
    read along the part of z that x and y do not explain. Equal to the pseudo-inverse on sound data; where depth has
    no such part (flat or tilted planes) m3 and m6 fade to zero instead of exploding, and gradients stay finite.
    """
    x_s, z, x_t = _float(x_s, z, x_t)
    centre_s, centre_t, centre_z = x_s.mean(-2), x_t.mean(-2), z.mean(-1)
    p, q, d = x_s - centre_s[..., None, :], x_t - centre_t[..., None, :], (z - centre_z[..., None])[..., None]
    inverse, spread = _gram_inverse(p)
    slope = inverse @ (p.mT @ d)  # (..., 2, 1): depth as a plane over x and y
    rest = d - p @ slope  # (..., N, 1): what no plane explains
    flat = inverse @ (p.mT @ q)  # (..., 2, 2): the 2D affine, transposed
    gain = (rest.mT @ (q - p @ flat)) / (rest.mT @ rest + PLANE[p.dtype] * spread)  # (..., 1, 2): m3, m6
    linear = torch.cat([flat - slope @ gain, gain.expand(*flat.shape[:-2], 1, 2)], -2).mT  # (..., 2, 3)
    centre = torch.cat([centre_s, centre_z[..., None]], -1)
    shift = centre_t - (linear @ centre[..., None])[..., 0]
    return torch.cat([linear, shift[..., None]], -1)


def solve_affine_2d(x_s: Tensor, x_t: Tensor) -> Tensor:
    """m (..., 2, 4) of the best 2D affine, with m3 = m6 = 0 (model 1 of table 1)."""
    x_s, x_t = _float(x_s, x_t)
    centre_s, centre_t = x_s.mean(-2), x_t.mean(-2)
    p, q = x_s - centre_s[..., None, :], x_t - centre_t[..., None, :]
    linear = (_gram_inverse(p)[0] @ (p.mT @ q)).mT
    shift = centre_t - (linear @ centre_s[..., None])[..., 0]
    return torch.cat([linear, torch.zeros_like(shift)[..., None], shift[..., None]], -1)


def solve_similarity(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scale s (...), rotation R (..., D, D) and shift t (..., D) that minimise |s a R^T + t - b|^2 (Procrustes).

    a, b (..., N, D). R is a proper rotation. Not meant for gradients: the SVD's are unsafe at equal singular values.
    """
    centre_a, centre_b = a.mean(-2), b.mean(-2)
    p, q = a - centre_a[..., None, :], b - centre_b[..., None, :]
    u, s, vt = torch.linalg.svd(q.mT @ p)
    sign = torch.ones_like(s)
    sign[..., -1] = torch.sign(torch.linalg.det(u @ vt))
    rotation = (u * sign[..., None, :]) @ vt
    scale = (s * sign).sum(-1) / p.square().sum((-2, -1))
    return scale, rotation, centre_b - scale[..., None] * (rotation @ centre_a[..., None])[..., 0]


def solve_camera(shape: Tensor, x: Tensor) -> Tensor:
    """Scaled rotation (..., 3, 3) whose first two rows turn the centred shape (N, 3) onto centred points x (..., N, 2).

    The scaled-orthographic camera nearest to the best affine one: both singular values of the 2 x 3 least-squares
    solution become their mean. Not meant for gradients.
    """
    rows = x.mT @ torch.linalg.pinv(shape).mT
    u, s, vt = torch.linalg.svd(rows, full_matrices=False)
    a, b = (u @ vt).unbind(-2)
    return s.mean(-1)[..., None, None] * torch.stack([a, b, torch.linalg.cross(a, b)], -2)


def plane_basis(x: Tensor) -> Tensor:
    """Orthonormal basis (..., N, 3) of all planes over points (..., N, 2): what a constant, x and y can explain."""
    p = x - x.mean(-2, keepdim=True)
    u, v = p.split(1, -1)
    spread = p.square().sum((-2, -1), keepdim=True) + torch.finfo(p.dtype).tiny
    normed = lambda w: w * (w.square().sum(-2, keepdim=True) + _LINE[p.dtype] * spread).rsqrt()  # noqa: E731
    u = normed(u)
    v = normed(v - u * (u * v).sum(-2, keepdim=True))
    return torch.cat([torch.full_like(u, x.shape[-2] ** -0.5), u, v], -1)


def off_plane(basis: Tensor, values: Tensor) -> Tensor:
    """What no plane explains of values (..., N, C), for the basis (..., N, 3) of `plane_basis`."""
    return values - basis @ (basis.mT @ values)


def _gram_inverse(p: Tensor) -> tuple[Tensor, Tensor]:
    """(p^T p)^-1 (..., 2, 2) of centred points, finite for points on a line, and the points' spread (..., 1, 1)."""
    gram = p.mT @ p
    spread = gram.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    tiny = torch.finfo(p.dtype).tiny
    gram = gram + (_LINE[p.dtype] * spread + tiny) * torch.eye(2, dtype=p.dtype, device=p.device)
    a, b, d = gram[..., 0, 0], gram[..., 0, 1], gram[..., 1, 1]
    adjugate = torch.stack([torch.stack([d, -b], -1), torch.stack([-b, a], -1)], -2)
    return adjugate / (a * d - b * b).clamp_min(tiny)[..., None, None], spread + tiny


def _float(*tensors: Tensor) -> list[Tensor]:
    """One float dtype of at least 32 bits for all: the squares above are not safe in half precision."""
    dtype = torch.float64 if any(t.dtype == torch.float64 for t in tensors) else torch.float32
    return [t.to(dtype) for t in tensors]
