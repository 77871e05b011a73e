"""The DepthNets of sections 2.1 to 2.3: depth and affine apart, affine as a second step, and through equation 3."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from .affine import apply_affine, to_unit
from .depth_model import DepthModel, Faces, Prediction, with_depth
from .losses import pinv_loss
from .networks import PairNet, SiameseNet, initialise, initialise_output
from .recipes import CNN_RECIPES, PINV_CNN_RECIPES, PINV_RECIPES, Recipe


class SeparateDepthNet(DepthModel):
    """Model 3 (section 2.1): depth and affine are both outputs of the network."""

    trained, n_affine = True, 8
    network: type[nn.Module] = PairNet

    def __init__(self, n_keypoints: int, recipe: Recipe):
        super().__init__(n_keypoints, recipe)
        self.net = self.network(n_keypoints, recipe.hidden, n_keypoints + self.n_affine, recipe.norm)

    def reset(self, generator: torch.Generator) -> None:
        initialise(self.net, generator)
        initialise_output(self.net.tail[-1], self.n_keypoints, generator)

    def frame(self, xy: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Keypoints (..., N, 2) in the recipe's coordinates, with the centre and scale that lead there."""
        if self.recipe.coordinates == "unit":
            return to_unit(xy)
        return xy, torch.zeros_like(xy[..., :1, :]), torch.ones_like(xy[..., :1, :1])

    def encode(self, faces: Faces) -> Faces:
        return replace(faces, code=self.net.encode(self.frame(faces.xy)[0], faces.image))

    def output(self, source: Faces, target: Faces) -> tuple[Tensor, Tensor]:
        """Depth (..., N) and affine parameters (..., 8) in the recipe's coordinates."""
        out = self.net(source.code, target.code)
        return out[..., : self.n_keypoints], out[..., self.n_keypoints :]

    def depth(self, source: Faces, target: Faces) -> Tensor:
        return self.output(source, target)[0] * self.frame(source.xy)[2][..., 0]

    def forward(self, source: Faces, target: Faces) -> Prediction:
        z, m = self.output(source, target)
        (_, centre_s, scale_s), (_, centre_t, scale_t) = self.frame(source.xy), self.frame(target.xy)
        m = m.unflatten(-1, (2, 4))
        linear = m[..., :3] * (scale_t / scale_s)
        shift = centre_t.mT + scale_t * m[..., 3:] - linear[..., :2] @ centre_s.mT
        return Prediction(with_depth(source.xy, z * scale_s[..., 0]), torch.cat([linear, shift], -1))

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """Equation 1 in the recipe's coordinates."""
        z, m = self.output(source, target)
        x_n = apply_affine(self.frame(source.xy)[0], z, m.unflatten(-1, (2, 4)))
        return (x_n - self.frame(target.xy)[0]).square().sum((-2, -1)).mean()


class TwoStepDepthNet(SeparateDepthNet):
    """Model 5 (section 2.2): trained as model 3; at test time its affine is the closed form on its depths."""

    def forward(self, source: Faces, target: Faces) -> Prediction:
        return DepthModel.forward(self, source, target)


class PinvDepthNet(SeparateDepthNet):
    """Model 7 (section 2.3): the network gives depth only; loss and gradient pass through equation 3."""

    recipes, n_affine = PINV_RECIPES, 0

    def forward(self, source: Faces, target: Faces) -> Prediction:
        return DepthModel.forward(self, source, target)

    def loss(self, source: Faces, target: Faces) -> Tensor:
        """`DepthModel.loss`, without spelling out m and x_n."""
        return pinv_loss(source.xy, self.output(source, target)[0], self.frame(target.xy)[0])


class _Siamese:
    """Case A: the same models with the pictures of both faces."""

    network, recipes, needs_images = SiameseNet, CNN_RECIPES, True
    trained_on = ("anny-images", "identity")

    def start_from(self, other: DepthModel) -> None:
        """As everywhere; or begin as the trained keypoint twin, to which the pictures add nothing yet.

        A step of the twin costs a hundredth of a step with pictures, so what keypoints alone can tell is learned there.
        """
        if other.needs_images:
            return super().start_from(other)
        self.net.keypoints.load_state_dict(other.net.first.state_dict())
        self.net.tail.load_state_dict(other.net.tail.state_dict())
        nn.init.zeros_(self.net.third.weight)


class SeparateCNN(_Siamese, SeparateDepthNet):
    """Model 4: section 2.1 with pictures."""


class TwoStepCNN(_Siamese, TwoStepDepthNet):
    """Model 6: section 2.2 with pictures."""


class PinvCNN(_Siamese, PinvDepthNet):
    """Model 8: section 2.3 with pictures."""

    recipes = PINV_CNN_RECIPES
