"""Recombinator Network (Honari et al., CVPR 2016): 68 heat maps from a grey 80 x 80 crop, coarse features into fine.

A trunk of convolutions and pooling sees the crop at 80, 40, 20, 10 and 5 pixels. From the coarsest upward, each
branch takes what the coarser branch found, doubles its size, lays it beside the trunk's features of its own resolution
and convolves both together: where the nose is roughly is known before it is looked for exactly. Ours is narrower than
theirs (a CPU trains it), has batch normalisation, and each branch reads out its own maps while it learns.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..checkpoints import load_tensors
from ..config import WEIGHTS
from ..layouts import IBUG68
from .boxes import crop
from .shape import Shapes, restore

SIZE = 80  # pixels of the crop and of the finest heat maps
MARGIN = 1.4  # the crop's width over the face box's
BATCH = 16  # crops at a time: what they need then stays in the processor's cache
WEIGHTS_FILE = WEIGHTS / "rcn.safetensors"
TRUNK = (16, 32, 64, 96, 128)  # channels at 80, 40, 20, 10, 5 pixels
BRANCHES = ((128,), (128, 96), (64, 48), (48, 24), (16,))  # channels of each branch's convolutions, coarse to fine
FINEST = len(BRANCHES) - 1


class RCN(nn.Module):
    """Grey crops (B, 1, 80, 80) of zero mean and unit spread -> logits of ``n_points`` heat maps (B, N, 80, 80)."""

    def __init__(self, n_points: int = 68):
        super().__init__()
        self.trunk = nn.ModuleList(_convolution(i, o) for i, o in zip((1, *TRUNK), TRUNK, strict=False))
        self.branches, self.heads = nn.ModuleList(), nn.ModuleList()
        coarser = 0
        for own, widths in zip(reversed(TRUNK), BRANCHES, strict=True):
            inputs = (own + coarser, *widths)
            self.branches.append(nn.Sequential(*(_convolution(i, o) for i, o in zip(inputs, widths, strict=False))))
            self.heads.append(_Head(widths[-1], n_points))
            coarser = widths[-1]

    def reset(self, generator: torch.Generator) -> None:
        """Draw the initial weights (He et al.'s for ReLUs), biases zero."""
        for part in self.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu", generator=generator)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    def forward(self, crops: Tensor) -> Tensor:
        return self.heads[-1](self.features(crops)[-1])

    def last_maps(self, crops: Tensor) -> list[Tensor]:
        """Logits of the two finest branches: (B, N, 40, 40), (B, N, 80, 80)."""
        return [head(f) for head, f in zip(self.heads[-2:], self.features(crops)[-2:], strict=True)]

    def heat_maps(
        self, crops: Tensor, branches: int = len(TRUNK), off: tuple[int, ...] = (), few: Tensor | None = None
    ) -> list[Tensor]:
        """Logits of each branch, coarse to fine: (B, N, 5, 5), (B, N, 10, 10) ... of the first ``branches``.

        ``few`` are the keypoints that the finest branch is asked for; all where it is None.
        """
        found = self.features(crops, branches, off)
        return [h(f, few if k == FINEST else None) for k, (h, f) in enumerate(zip(self.heads, found, strict=False))]

    def features(self, crops: Tensor, branches: int = len(TRUNK), off: tuple[int, ...] = ()) -> list[Tensor]:
        """What each branch computed. Branches in ``off`` (0 the coarsest) hear the coarser ones but see nothing."""
        seen, x = [], crops
        for level, convolution in enumerate(self.trunk):
            x = convolution(F.max_pool2d(x, 2) if level else x)
            seen.append(x)
        found: list[Tensor] = []
        for k, own in enumerate(seen[: -branches - 1 : -1]):
            own = torch.zeros_like(own) if k in off else own
            both = torch.cat([F.interpolate(found[-1], scale_factor=2), own], 1) if k else own
            found.append(self.branches[k](both))
        return found


class _Head(nn.Linear):
    """A map for each keypoint (B, N, S, S) from features (B, C, S, S), a 1 x 1 convolution.

    As a matrix product its maps lie one after the other in memory, as softmax and argmax want them: twice as fast.
    """

    def forward(self, features: Tensor, few: Tensor | None = None) -> Tensor:
        weight, bias = (self.weight, self.bias) if few is None else (self.weight[few], self.bias[few])
        weight = weight.expand(len(features), -1, -1)
        return torch.baddbmm(bias[None, :, None], weight, features.flatten(2)).unflatten(2, features.shape[2:])


def read_out(logits: Tensor, radius: int = 2) -> Tensor:
    """Heat maps (B, N, S, S) -> points (B, N, 2) in pixels of the 80 x 80 crop, to fractions of a pixel.

    The mean position under the softmax of a window around the highest value.
    """
    s = logits.shape[-1]
    peak = logits.flatten(2).argmax(2, keepdim=True)  # (B, N, 1)
    step = torch.arange(-radius, radius + 1, device=logits.device)
    ys, xs = peak // s + step, peak % s + step  # (B, N, 2r+1)
    inside = ((ys >= 0) & (ys < s))[..., :, None] & ((xs >= 0) & (xs < s))[..., None, :]
    index = ys.clamp(0, s - 1)[..., :, None] * s + xs.clamp(0, s - 1)[..., None, :]
    window = logits.flatten(2).gather(2, index.flatten(2)).float()
    weight = window.masked_fill(~inside.flatten(2), -torch.inf).softmax(2).view_as(index)
    point = torch.stack([(weight.sum(2) * xs).sum(2), (weight.sum(3) * ys).sum(2)], 2)
    return (point + 0.5) * (SIZE / s) - 0.5


def spread(logits: Tensor, points: Tensor) -> Tensor:
    """(B, N, 2) mean squared distance in x and in y, in pixels of the crop, of heat maps (B, N, S, S) from points.

    Large where a map is wide, has a second peak, or lies elsewhere altogether.
    """
    s = logits.shape[-1]
    at = (torch.arange(s, device=logits.device) + 0.5) * (SIZE / s) - 0.5
    p = logits.flatten(2).softmax(2).view_as(logits)
    away = (at - points[..., None]).square()  # (B, N, 2, S)
    return torch.stack([(p.sum(2) * away[:, :, 0]).sum(2), (p.sum(3) * away[:, :, 1]).sum(2)], 2)


def standardise(crops: Tensor) -> Tensor:
    """(B, S, S) grey of any range -> (B, 1, S, S) of zero mean and unit spread each."""
    crops = crops.float()
    centred = crops - crops.mean((1, 2), keepdim=True)
    return (centred / (centred.square().mean((1, 2), keepdim=True).sqrt() + 1e-3))[:, None]


def locate(crops: np.ndarray, flip: bool = False, model: "Trained | None" = None) -> np.ndarray:
    """(B, 80, 80) grey uint8 crops -> (B, 68, 2) points in crop pixels, by ``model`` or else the committed weights.

    The finest maps say where each point is, the second finest how sure that is, the shapes of faces fill in the rest.
    ``flip`` looks at each crop in the mirror too and averages the heat maps: a little better, at twice the time.
    """
    (net, shapes), mirror, found = model or trained(), list(IBUG68.mirror), []
    with torch.inference_mode():
        for part in torch.from_numpy(crops).split(BATCH):
            pictures = standardise(part).to(memory_format=torch.channels_last)
            doubt, maps = net.last_maps(pictures)
            if flip:
                mirrored = net.last_maps(pictures.flip(3))
                doubt, maps = (a + b[:, mirror].flip(3) for a, b in zip((doubt, maps), mirrored, strict=True))
            peaks = read_out(maps)
            found.append(restore(shapes, peaks, spread(doubt, peaks)))
    return torch.cat(found).double().numpy()


def points(image: np.ndarray, boxes: np.ndarray, model: "Trained | None" = None) -> np.ndarray:
    """(F, 68, 2) iBUG points, in pixels, of the faces of RGB uint8 (H, W, 3) in ``boxes`` (F, 4).

    Looked for twice: the second crop lies around the points of the first, as the crops of training do.
    """
    if not len(boxes):
        return np.empty((0, 68, 2))
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return _within(grey, box_around(_within(grey, boxes, model)), model, flip=True)


def box_around(points: np.ndarray) -> np.ndarray:
    """(..., 4) square boxes, as `find_boxes` lays them, around the faces of points (..., N, 2)."""
    low, high = points.min(-2), points.max(-2)
    side = np.sqrt(np.prod(high - low, -1, keepdims=True))
    centre = (low + high) / 2 - side * [0.0, 0.09]
    return np.concatenate([centre - 0.515 * side, centre + 0.515 * side], -1)


def widen(boxes: np.ndarray, factor: float) -> np.ndarray:
    """Boxes (..., 4) with the same centre and ``factor`` times the side."""
    low, high = boxes[..., :2], boxes[..., 2:]
    centre, half = (low + high) / 2, factor * (high - low) / 2
    return np.concatenate([centre - half, centre + half], -1)


def _within(grey: np.ndarray, boxes: np.ndarray, model: "Trained | None", flip: bool = False) -> np.ndarray:
    crops, matrices = zip(*(crop(grey, box, SIZE) for box in widen(boxes, MARGIN)), strict=True)
    found = locate(np.stack(crops), flip, model)
    return np.stack([(p - m[:, 2]) / np.diag(m[:, :2]) for p, m in zip(found, matrices, strict=True)])


class Trained(NamedTuple):
    """A network ready to use, and the shapes of the faces that it was trained on."""

    net: RCN
    shapes: Shapes


@cache
def trained(path: Path = WEIGHTS_FILE) -> Trained:
    """The committed weights, or those of a run, batch normalisation folded into the convolutions."""
    tensors, header = load_tensors(path)
    tensors = {k: v.float() for k, v in tensors.items()}
    shapes = Shapes(*(tensors.pop(f"shapes.{name}") for name in Shapes._fields))
    net = RCN(header["n_points"])
    net.load_state_dict(tensors)
    return Trained(folded(net), shapes)


def folded(net: RCN) -> RCN:
    """The same function for inference, a third faster: each normalisation multiplied into its convolution."""
    net = net.eval().requires_grad_(False)
    for part in net.modules():
        if isinstance(part, nn.Sequential) and len(part) == 3 and isinstance(part[1], nn.BatchNorm2d):
            part[0], part[1] = fuse_conv_bn_eval(part[0], part[1]), nn.Identity()
    return net.to(memory_format=torch.channels_last)


def _convolution(inputs: int, outputs: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
