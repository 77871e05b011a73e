"""Networks of supplement S.1.1: a source and a target in, depth (and affine) of the source out.

Both have two steps: ``encode`` computes what can be known of one face, ``forward`` joins the codes of a pair. A first
layer on both faces is split into a source half and a target half, so that S sources and T targets cost S + T halves,
and a pair one addition and the later layers: codes may have any leading dimensions that broadcast.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Code = tuple[Tensor, ...]

IDENTITY_AFFINE = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)  # m1 m2 m3 tx m4 m5 m6 ty


class PairNet(nn.Module):
    """Fully connected network on the keypoints of two faces (case B).

    ``norm`` puts batch normalisation before each non-linearity, as the authors' released code does and the paper does
    not.
    """

    def __init__(self, n_keypoints: int, hidden: tuple[int, ...], out: int, norm: bool = False):
        super().__init__()
        self.first = SplitLinear(2 * n_keypoints, hidden[0])
        layers: list[nn.Module] = []
        for width, following in zip(hidden, (*hidden[1:], out), strict=True):
            layers += [nn.BatchNorm1d(width)] * norm + [nn.ReLU(), nn.Linear(width, following)]
        self.tail = nn.Sequential(*layers)

    def encode(self, x: Tensor, image: None = None) -> Code:
        """Keypoints (..., N, 2) -> source and target half (..., hidden[0]) of the first layer."""
        return self.first.encode(x.flatten(-2))

    def forward(self, source: Code, target: Code) -> Tensor:
        """Codes of a source and a target -> (..., out)."""
        both = source[0] + target[1]
        return self.tail(both.flatten(0, -2)).unflatten(0, both.shape[:-1])


class SiameseNet(nn.Module):
    """The same with both pictures (case A): three convolutions shared by the faces, their last maps joined in a dense
    layer of 2048, then 512; there the keypoints come in, then 256 and the output."""

    def __init__(self, n_keypoints: int, hidden: tuple[int, int, int], out: int, norm: bool = False):
        super().__init__()
        self.features, width = convolutions(channels=1)
        self.first = SplitLinear(width, hidden[0])
        self.second = nn.Linear(hidden[0], hidden[1])
        self.keypoints = SplitLinear(2 * n_keypoints, hidden[2])
        self.third = nn.Linear(hidden[1], hidden[2], bias=False)
        self.tail = nn.Sequential(nn.ReLU(), nn.Linear(hidden[2], out))

    def encode(self, x: Tensor, image: Tensor) -> Code:
        """Keypoints (F, N, 2) and pictures (F, 80, 80, 3) RGB uint8 -> halves (F, 2048) twice and (F, 256) twice."""
        return self.first.encode(self.features(contrast(image)[:, None])) + self.keypoints.encode(x.flatten(-2))

    def forward(self, source: Code, target: Code) -> Tensor:
        """Codes of a source and a target -> (..., out)."""
        seen = F.relu(self.second(F.relu(source[0] + target[1])))
        return self.tail(self.third(seen) + source[2] + target[3])


def convolutions(channels: int) -> tuple[nn.Sequential, int]:
    """The convolutions of S.1.1 on 80 x 80 pictures: (F, channels, 80, 80) -> (F, W), and W.

    Channels lie next to each other in memory: the same numbers, nearly twice as fast on a CPU.
    """
    layers: list[nn.Module] = []
    side = 80
    for filters, size, pool in ((32, 4, 2), (48, 3, 2), (64, 2, 2)):
        layers += [nn.Conv2d(channels, filters, size), nn.MaxPool2d(pool), nn.ReLU()]
        channels, side = filters, (side - size + 1) // pool
    net = nn.Sequential(*layers, nn.Flatten()).to(memory_format=torch.channels_last)
    return net, channels * side**2


def contrast(image: Tensor) -> Tensor:
    """RGB uint8 (..., H, W, 3) -> grey (..., H, W), each picture of mean 0 and standard deviation 1."""
    grey = image.float() @ torch.tensor([0.299, 0.587, 0.114], device=image.device)
    grey = grey - grey.mean((-2, -1), keepdim=True)
    return grey / (grey.square().mean((-2, -1), keepdim=True).sqrt() + 1.0)


class SplitLinear(nn.Module):
    """One dense layer on the features of two faces side by side, kept as two halves."""

    def __init__(self, per_face: int, out: int):
        super().__init__()
        self.source = nn.Linear(per_face, out)
        self.target = nn.Linear(per_face, out, bias=False)

    def encode(self, x: Tensor) -> Code:
        """(..., per_face) -> what the face adds as a source, and as a target: (..., out) each."""
        return self.source(x), self.target(x)


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
    for split in net.modules():
        if isinstance(split, SplitLinear):  # one layer of twice the width
            bound = gain * math.sqrt(6.0 / (2 * split.source.in_features + split.source.out_features))
            for half in (split.source, split.target):
                nn.init.uniform_(half.weight, -bound, bound, generator=generator)


def initialise_output(layer: nn.Linear, n_depths: int, generator: torch.Generator) -> None:
    """Last layer of S.1.1: weights zero; depth biases Normal(0, 0.5); affine biases the flattened identity."""
    nn.init.zeros_(layer.weight)
    with torch.no_grad():
        layer.bias[:n_depths].normal_(0.0, 0.5, generator=generator)
        if layer.out_features > n_depths:
            layer.bias[n_depths:] = torch.tensor(IDENTITY_AFFINE)
