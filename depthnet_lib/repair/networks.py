"""The four networks of supplement S.4: generators that translate pictures, discriminators that judge patches.

Pictures are tensors (B, C, S, S) in [-1, 1]; C counts three channels a picture, so that a composite and what of it
is known make 6. Normalisation is by instance: a picture comes out the same alone as in a batch and in use as in
training, which batches of 4 or 16 pictures could not promise.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Config:
    """Sizes of the networks.

    ``size`` of the pictures in pixels; ``width`` channels of the first layer, twice and four times as many follow;
    ``strides`` of the three downsampling convolutions; ``blocks`` residual blocks; ``patch_layers`` downsampling layers
    of the discriminators: 1, 2, 3 see patches of 16, 34, 70 pixels; ``blend``: whether a generator may keep pixels of
    its input, see `Generator`.
    """

    size: int
    width: int
    strides: tuple[int, int, int]
    blocks: int
    patch_layers: int
    blend: bool

    asdict = asdict


CONFIGS = {
    "paper": Config(size=128, width=64, strides=(1, 2, 2), blocks=9, patch_layers=2, blend=False),
    "laptop": Config(size=64, width=24, strides=(2, 2, 2), blocks=4, patch_layers=2, blend=True),
}


KEPT = 3.0  # logit of what a fresh generator keeps: 0.9 of each pixel
KEY = 8.0  # a face pixel counts as black below 1 / KEY of [-1, 1], at 16 of 255


class Generator(nn.Module):
    """Three downsampling convolutions, residual blocks, upsampling; pictures of c_in channels to pictures of c_out.

    Upsampling repeats pixels and then convolves: transposed convolutions, whose kernels overlap unevenly, leave
    checkerboards (Odena and others, 2016).

    With ``config.blend`` every output picture is made of shares of the input pictures, pixel by pixel, and of paint
    that is added: the network gives both. What needs no repair is kept sharp from the first step on, colours drift
    nowhere by themselves, and shares and paint can be carried to a picture of any size. Without it all is paint,
    bounded by tanh, as in the paper.
    """

    def __init__(self, c_in: int, c_out: int, config: Config):
        super().__init__()
        self.size, self.pictures_in, self.pictures_out, self.blend = config.size, c_in // 3, c_out // 3, config.blend
        w = config.width
        layers: list[nn.Module] = []
        for index, stride in enumerate(config.strides):
            c, kernel = (c_in, 7) if index == 0 else (w * 2 ** (index - 1), 3)
            layers += _conv(c, w * 2**index, kernel, stride)
        layers += [Residual(4 * w) for _ in range(config.blocks)]
        for index, stride in reversed(list(enumerate(config.strides))):
            layers += [nn.Upsample(scale_factor=stride)] * (stride > 1)
            layers += _conv(w * 2**index, w * 2 ** max(index - 1, 0), 3, 1) if index or stride > 1 else []
        out = self.pictures_out * (4 + self.pictures_in) if self.blend else c_out
        self.net = nn.Sequential(*layers, nn.Conv2d(w, out, 7 if config.strides[0] == 1 else 3, padding="same"))

    def forward(self, x: Tensor) -> Tensor:
        paint, share = self.layers(x)
        return blended(x, paint, share)

    def layers(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Paint (B, O, 3, S, S) of the O output pictures and the shares (B, O, I, S, S) in [0, 1] of the I input
        pictures in each, which add up to at most 1."""
        raw = self.net(x).unflatten(1, (self.pictures_out, -1))
        if self.blend:  # the last share is nobody's; paint has no bound, whose gradient would vanish there
            return raw[:, :, :3], (raw[:, :, 3:] + _kept_first(x)).softmax(2)[:, :, :-1]
        return raw.tanh(), raw.new_zeros(*raw.shape[:2], self.pictures_in, *raw.shape[3:])


def _kept_first(x: Tensor) -> Tensor:
    """(B, 1, I + 1, S, S): what shares start from. Of two pictures (a composite, and what of it is known) the first
    is on top wherever it is not black; one picture is kept whole."""
    nobody = torch.zeros_like(x[:, :1])
    if x.shape[1] == 3:
        return KEPT * torch.stack([nobody + 1, nobody], 2)
    top = ((x[:, :3].amax(1, keepdim=True) + 1) * KEY).clamp(0, 1)
    return KEPT * torch.stack([top, 1 - top, nobody], 2)


def blended(x: Tensor, paint: Tensor, share: Tensor) -> Tensor:
    """(B, 3 O, S, S): input pictures x (B, 3 I, S, S), each with its share, and paint (see `Generator.layers`)."""
    pictures = x.unflatten(1, (-1, 3)).unsqueeze(1)
    return ((pictures * share.unsqueeze(3)).sum(2) + paint).flatten(1, 2)


class Residual(nn.Module):
    """x + two convolutions of x: a change of the picture's description, which is nothing at first."""

    def __init__(self, c: int):
        super().__init__()
        self.change = nn.Sequential(*_conv(c, c, 3, 1), *_conv(c, c, 3, 1)[:-1])

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


class Discriminator(nn.Sequential):
    """Patches of a picture (B, C, S, S) -> how real each is, (B, 1, P, P), 1 for real and 0 for made."""

    def __init__(self, c_in: int, config: Config):
        w = config.width
        layers: list[nn.Module] = [nn.Conv2d(c_in, w, 4, 2, 1), nn.LeakyReLU(0.2)]
        for index in range(1, config.patch_layers + 1):
            stride = 2 if index < config.patch_layers else 1
            layers += [nn.Conv2d(w, 2 * w, 4, stride, 1, bias=False), nn.InstanceNorm2d(2 * w, affine=True)]
            layers += [nn.LeakyReLU(0.2)]
            w *= 2
        super().__init__(*layers, nn.Conv2d(w, 1, 4, 1, 1))


def initialise(net: nn.Module, generator: torch.Generator) -> None:
    """Convolutions Normal(0, 0.02), norms 1 and 0, biases 0, as in the CycleGAN paper."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0.0, 0.02, generator=generator)
        if isinstance(layer, nn.InstanceNorm2d):
            nn.init.ones_(layer.weight)
        if isinstance(layer, nn.Conv2d | nn.InstanceNorm2d) and layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _conv(c_in: int, c_out: int, kernel: int, stride: int) -> list[nn.Module]:
    """Convolution with mirrored borders, norm, ReLU; no bias, which the norm would take away."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, padding_mode="reflect", bias=False)
    return [conv, nn.InstanceNorm2d(c_out, affine=True), nn.ReLU()]
