"""Losses on keypoints. Errors are measured in the target's unit frame, so that every face counts alike."""

from torch import Tensor

from .affine import PLANE, off_plane, plane_basis, to_unit


def keypoint_loss(x_n: Tensor, x_t: Tensor) -> Tensor:
    """Equation 1: squared distances of transformed source keypoints x_n (..., N, 2) to targets x_t, summed over the
    keypoints and averaged over the pairs. With m from `solve_affine` in x_n it is the loss of section 2.3."""
    return ((x_n - x_t) / to_unit(x_t)[2]).square().sum((-2, -1)).mean()


def pinv_loss(x_s: Tensor, z: Tensor, x_t: Tensor) -> Tensor:
    """The loss of section 2.3 from sources x_s (B, N, 2), depth z (B, N) and targets x_t (B, N, 2), in x_t's unit.

    Equal to equation 1 with m of equation 3 put in, but m is never formed. With z' and E what no plane over x_s
    explains of z and of x_t, the residual of least squares is E - z' (z'.E) / |z'|^2, and its square
    |E|^2 - |z'.E|^2 / |z'|^2: two thin products a pair.
    """
    basis = plane_basis(x_s)
    rest = off_plane(basis, z[..., None])
    residual = off_plane(basis, x_t - x_t.mean(-2, keepdim=True))
    spread = (x_s - x_s.mean(-2, keepdim=True)).square().sum((-2, -1))
    along = (rest.mT @ residual).square().sum((-2, -1))
    across = rest.square().sum((-2, -1)) + PLANE[z.dtype] * spread
    return (residual.square().sum((-2, -1)) - along / across).mean()
