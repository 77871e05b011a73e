"""Equations 4 and 5: least-squares adversarial terms, and cycles."""

from dataclasses import dataclass

import torch.nn.functional as nnf
from torch import Tensor

CYCLE = 10.0  # lambda of equation 4, the CycleGAN paper's


@dataclass(frozen=True)
class Weights:
    """What the generators' terms count; by default equation 4 alone.

    ``cycle`` is lambda; ``keep`` weighs `keep`, of which what is known counts fully and the rest by ``rest``.
    """

    cycle: float = CYCLE
    keep: float = 0.0
    rest: float = 0.0


def real(scores: Tensor) -> Tensor:
    """l(scores, 1): squared distance of a discriminator's scores from "real"."""
    return (scores - 1).square().mean()


def fake(scores: Tensor) -> Tensor:
    """l(scores, 0): squared distance of a discriminator's scores from "made"."""
    return scores.square().mean()


def cycle(picture: Tensor, back: Tensor) -> Tensor:
    """L1 distance of a picture from itself after there and back, a mean over pixels."""
    return (picture - back).abs().mean()


def keep(picture: Tensor, x: Tensor, rest: float = 0.0) -> Tensor:
    """L1 distance of a repaired picture (B, 3, S, S) from the composite, first of the two pictures of x (B, 6, S, S).

    Counted where the second, what of it is known on black, is not black and has no black neighbour (its border is half
    black where it was made smaller), and by ``rest`` elsewhere. Not in the paper. In a short training the adversarial
    terms alone would sooner paint some face than keep this one, and a good composite is better than what they paint.
    """
    composite, known = x[:, :3], x[:, 3:]
    empty = (known.amax(1, keepdim=True) <= -1).to(known.dtype)
    weight = 1 - (1 - rest) * nnf.max_pool2d(empty, 3, 1, 1)
    return ((picture - composite).abs() * weight).sum() / (3 * weight.sum()).clamp_min(1)
