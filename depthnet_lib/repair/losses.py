"""Equations 4 and 5: least-squares adversarial terms, and cycles."""

from dataclasses import dataclass

import torch.nn.functional as nnf
from torch import Tensor

CYCLE = 10.0  # lambda of equation 4, the CycleGAN paper's


@dataclass(frozen=True)
class Weights:
    """What the generators' terms count; by default equation 4 alone.

    ``cycle`` is lambda; ``keep`` weighs `keep` of the second picture of x, what is known.
    """

    cycle: float = CYCLE
    keep: float = 0.0


def real(scores: Tensor) -> Tensor:
    """l(scores, 1): squared distance of a discriminator's scores from "real"."""
    return (scores - 1).square().mean()


def fake(scores: Tensor) -> Tensor:
    """l(scores, 0): squared distance of a discriminator's scores from "made"."""
    return scores.square().mean()


def cycle(picture: Tensor, back: Tensor) -> Tensor:
    """L1 distance of a picture from itself after there and back, a mean over pixels."""
    return (picture - back).abs().mean()


def keep(picture: Tensor, known: Tensor) -> Tensor:
    """L1 distance of a repaired picture (B, 3, S, S) from what is known of it: a picture (B, 3, S, S) on black, counted
    where neither it nor a neighbour is black (its border is half black where it was made smaller).

    Not in the paper. In a short training the adversarial terms alone would sooner paint some face than keep this one.
    """
    empty = (known.amax(1, keepdim=True) <= -1).to(known.dtype)
    seen = 1 - nnf.max_pool2d(empty, 3, 1, 1)
    return ((picture - known).abs() * seen).sum() / (3 * seen.sum()).clamp_min(1)
