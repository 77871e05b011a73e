"""A Gaussian model of where the points of a face can lie: what the heat maps leave open, it fills in.

Honari et al. train a second network to restore keypoints that were masked at random, and add its answer to the first
one's. Here the same is a closed form: the points of all faces are one Gaussian, each heat map says where its point is
and how sure that is, and the answer is the mean of one given the other.
"""

from typing import NamedTuple

import torch
from torch import Tensor

MODES = 30  # directions kept; the rest of the Gaussian is 0.3 pixels of each coordinate's own
LEAST = 0.25  # squared pixels: no heat map is trusted further


class Shapes(NamedTuple):
    """``mean`` (2N,) of the points in crop pixels, ``modes`` (2N, r) each one standard deviation long, ``rest`` () the
    variance of what the modes do not hold."""

    mean: Tensor
    modes: Tensor
    rest: Tensor


def fit_shapes(points: Tensor, modes: int = MODES) -> Shapes:
    """The Gaussian of faces (M, N, 2) in crop pixels: probabilistic principal components."""
    flat = points.flatten(1).double()
    mean = flat.mean(0)
    variance, directions = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    first = directions[:, -modes:] * variance[-modes:].clamp_min(0).sqrt()
    return Shapes(mean.float(), first.float(), variance[:-modes].mean().clamp_min(0).float())


def restore(shapes: Shapes, points: Tensor, variance: Tensor) -> Tensor:
    """Points (B, N, 2) seen with errors of ``variance`` (B, N, 2), in crop pixels -> their mean given the shapes.

    A point with no error stays where it is; one with a large error goes where the others want it.
    """
    _, modes, rest = shapes
    seen = points.flatten(1) - shapes.mean
    noise = variance.flatten(1) + LEAST + rest
    weighted = modes / noise[..., None]  # (B, 2N, r)
    normal = torch.eye(modes.shape[1], device=points.device) + weighted.mT @ modes
    known = torch.linalg.solve(normal, weighted.mT @ seen[..., None])[..., 0] @ modes.T
    return (shapes.mean + known + rest / noise * (seen - known)).view_as(points)
