"""Adversarial training: a critic learns to tell true depth from estimated depth, and the model to deceive it.

The paper names neither the loss nor the network of its discriminator; here it is the logistic loss with a gradient
penalty on true samples (Mescheder et al. 2018), which draws no random numbers.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .affine import to_unit
from .depth_model import DepthModel, Faces
from .depthnets import PinvDepthNet
from .networks import initialise
from .recipes import GAN_RECIPES, Recipe

PENALTY = 1.0


class Critic(nn.Sequential):
    """Fully connected: (B, inputs) -> (B, 1), high for what looks true."""

    def __init__(self, inputs: int, hidden: tuple[int, ...] = (256, 256)):
        layers: list[nn.Module] = []
        for width, following in zip((inputs, *hidden), (*hidden, 1), strict=True):
            layers += [nn.Linear(width, following), nn.LeakyReLU(0.2)]
        super().__init__(*layers[:-1])


def critic_loss(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Logistic loss of telling real from fake (B, C), and the penalty that keeps the critic flat at real samples."""
    real = real.detach().requires_grad_()
    verdict = critic(real)
    (slope,) = torch.autograd.grad(verdict.sum(), real, create_graph=True)
    penalty = slope.square().sum(1).mean()
    return F.softplus(-verdict).mean() + F.softplus(critic(fake.detach())).mean() + PENALTY / 2 * penalty


def deception_loss(critic: nn.Module, fake: Tensor) -> Tensor:
    """How far the critic is from taking fake for real."""
    return F.softplus(-critic(fake)).mean()


class Adversarial(DepthModel):
    """A model with a network ``net`` that has to please a ``critic`` beside its own `loss`."""

    trained, needs_depth = True, True
    net: nn.Module
    critic: Critic
    adversarial_weight = 1.0

    def judged(self, source: Faces, target: Faces) -> tuple[Tensor, Tensor]:
        """What the critic sees (B, C): true faces, and the model's estimates."""
        raise NotImplementedError

    def parts(self) -> dict[str, nn.Module]:
        return {"model": self.net, "critic": self.critic}

    def training_step(self, source: Faces, target: Faces, update: Callable[[str, Tensor], None]) -> dict[str, Tensor]:
        real, fake = self.judged(source, target)
        told = critic_loss(self.critic, real, fake)
        update("critic", told)
        loss, deception = self.loss(source, target), deception_loss(self.critic, fake)
        update("model", loss + self.adversarial_weight * deception)
        return {"loss": loss, "deception": deception, "critic": told}


class PinvGAN(Adversarial, PinvDepthNet):
    """DepthNet+GAN (section 3.2): model 7 whose depth must also pass for true depth, given the 2D keypoints."""

    recipes = GAN_RECIPES
    adversarial_weight = 3.0  # equation 1 does not see the sign of depth; with 1, one seed in three kept the wrong one

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.critic = Critic(3 * n_keypoints)

    def reset(self, generator: torch.Generator) -> None:
        super().reset(generator)
        initialise(self.critic, generator)

    def judged(self, source: Faces, target: Faces) -> tuple[Tensor, Tensor]:
        x, _, scale = to_unit(source.xy)
        z = self.output(source, target)[0]
        depths = source.z / scale[..., 0], z - z.mean(-1, keepdim=True)
        return tuple(torch.cat([x.flatten(-2), depth], -1) for depth in depths)
