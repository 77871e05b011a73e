"""Losses on keypoints. Errors are measured in the target's unit frame, so that every face counts alike."""

from torch import Tensor

from .affine import to_unit


def keypoint_loss(x_n: Tensor, x_t: Tensor) -> Tensor:
    """Equation 1: squared distances of transformed source keypoints x_n (..., N, 2) to targets x_t, summed over the
    keypoints and averaged over the pairs. With m from `solve_affine` in x_n it is the loss of section 2.3."""
    return ((x_n - x_t) / to_unit(x_t)[2]).square().sum((-2, -1)).mean()
