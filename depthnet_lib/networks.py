"""Networks of supplement S.1.1: keypoints of a source and a target in, depth (and affine) of the source out.

All work on keypoints that are centred and scaled to unit spread (`affine.to_unit`), so that they see the shape of a
face and not where it stood in its picture.
"""

import math

import torch
from torch import Tensor, nn

IDENTITY_AFFINE = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)  # m1 m2 m3 tx m4 m5 m6 ty


class PairNet(nn.Module):
    """Fully connected network on a pair of faces, its first layer split into a source and a target half.

    With the halves computed once a face (`source`, `target`), all pairs of S sources and T targets cost one addition
    and the later layers: ``net(net.source(a)[:, None], net.target(b)[None])`` is (S, T, out).
    ``norm`` puts batch normalisation before each non-linearity, as the authors' released code does and the paper does
    not.
    """

    def __init__(self, per_face: int, hidden: tuple[int, ...], out: int, norm: bool = False):
        super().__init__()
        self.source = nn.Linear(per_face, hidden[0])
        self.target = nn.Linear(per_face, hidden[0], bias=False)
        layers: list[nn.Module] = []
        for width, following in zip(hidden, (*hidden[1:], out), strict=True):
            layers += [nn.BatchNorm1d(width)] * norm + [nn.ReLU(), nn.Linear(width, following)]
        self.tail = nn.Sequential(*layers)

    def forward(self, source_half: Tensor, target_half: Tensor) -> Tensor:
        """Halves (..., hidden[0]) whose leading dimensions broadcast -> (..., out)."""
        both = source_half + target_half
        return self.tail(both.flatten(0, -2)).unflatten(0, both.shape[:-1])


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Glorot uniform with the gain of a ReLU, biases zero (S.1.1)."""
    gain = nn.init.calculate_gain("relu")
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    if isinstance(net, PairNet):  # the split layer is one layer of twice the width
        bound = gain * math.sqrt(6.0 / (2 * net.source.in_features + net.source.out_features))
        for half in (net.source, net.target):
            nn.init.uniform_(half.weight, -bound, bound, generator=generator)


def initialise_output(layer: nn.Linear, n_depths: int, generator: torch.Generator) -> None:
    """Last layer of S.1.1: weights zero; depth biases Normal(0, 0.5); affine biases the flattened identity."""
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.bias[:n_depths].normal_(0.0, 0.5, generator=generator)
        if layer.out_features > n_depths:
            layer.bias[n_depths:] = torch.tensor(IDENTITY_AFFINE)
