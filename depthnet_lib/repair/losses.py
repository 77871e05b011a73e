"""Equations 4 and 5: least-squares adversarial terms, and cycles."""

from torch import Tensor

CYCLE = 10.0  # lambda of equation 4, the CycleGAN paper's


def real(scores: Tensor) -> Tensor:
    """l(scores, 1): squared distance of a discriminator's scores from "real"."""
    return (scores - 1).square().mean()


def fake(scores: Tensor) -> Tensor:
    """l(scores, 0): squared distance of a discriminator's scores from "made"."""
    return scores.square().mean()


def cycle(picture: Tensor, back: Tensor) -> Tensor:
    """L1 distance of a picture from itself after there and back, a mean over pixels."""
    return (picture - back).abs().mean()


def keep(picture: Tensor, x: Tensor) -> Tensor:
    """L1 distance of a repaired picture (B, 3, S, S) from the warped face that it was made of: the first picture of x
    (B, 3 I, S, S), where that is not black.

    Not in the paper. In a short training the adversarial terms alone would sooner paint some face than keep this one.
    """
    face = x[:, :3]
    seen = (face.amax(1, keepdim=True) > -1).to(face.dtype)
    return ((picture - face).abs() * seen).sum() / (3 * seen.sum()).clamp_min(1)
