"""Honest measures of repair: distance from the true answer, and whether a classifier can tell repaired from true."""

import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import nn

from .cyclegan import to_pictures, to_tensor
from .inputs import composite


@torch.inference_mode()
def repaired(net: nn.Module, x: np.ndarray) -> np.ndarray:
    """F of pictures of the network's own size, uint8 (M, S, S, C) -> (M, S, S, 3)."""
    return np.concatenate([to_pictures(net(to_tensor(part))) for part in np.array_split(x, max(1, len(x) // 64))])


def scores(
    net: nn.Module, x: np.ndarray, truth: np.ndarray, inside: np.ndarray, plain: np.ndarray | None = None
) -> dict[str, dict]:
    """{"before", "after"}: distances from the true answers and two-sample accuracy of composites and repaired pictures.

    x (M, S, S, C), truth (M, S, S, 3), inside (M, S, S). Rows with nothing inside have no true answer: where there are
    such, they alone are what the classifier judges. With ``plain`` (M, S, S, 3), the paper's composites, these are
    "before", and those of x "closed_form".
    """
    known = inside.any((1, 2))
    judged = known if known.all() else ~known
    result = {}
    versions = {"before": composite(x), "after": repaired(net, x)}
    if plain is not None:
        versions = {"before": plain, "closed_form": composite(x), "after": versions["after"]}
    for name, pictures in versions.items():
        result[name] = distances(pictures[known], truth[known], inside[known])
        result[name]["two_sample"] = two_sample(pictures[judged], truth[judged])
    return result | {"pictures": int(known.sum()), "judged": int(judged.sum())}


def distances(pictures: np.ndarray, truth: np.ndarray, inside: np.ndarray) -> dict[str, dict[str, float]]:
    """L1 (0 to 255), PSNR (dB) and SSIM of pictures and their true answers, uint8 (M, S, S, 3).

    ``inside`` (M, S, S) is True on the inner face. Returns {"whole": {"l1", "psnr", "ssim"}, "inside", "outside"}:
    all pixels of a region count alike, over all pictures; PSNR is that of the mean squared error.
    """
    pairs = zip(pictures, truth, strict=True)
    ssim = np.stack([structural_similarity(a, b, channel_axis=2, full=True)[1].mean(-1) for a, b in pairs])
    error = pictures.astype(float) - truth
    found = {}
    for name, mask in {"whole": np.ones_like(inside), "inside": inside, "outside": ~inside}.items():
        squared = max(np.square(error[mask]).mean(), 1e-2)  # equal pictures have 68 dB, not infinity
        psnr = 10 * np.log10(255**2 / squared)
        found[name] = {"l1": np.abs(error[mask]).mean(), "psnr": psnr, "ssim": ssim[mask].mean()}
    return {name: {k: float(v) for k, v in score.items()} for name, score in found.items()}


def two_sample(made: np.ndarray, true: np.ndarray, seed: int = 0, epochs: int = 12) -> float:
    """Held-out accuracy of a small classifier that is trained to tell made from true pictures, uint8 (M, S, S, 3).

    0.5 is a perfect forgery, 1 a plain one (classifier two-sample test, Lopez-Paz and Oquab, 2017). Three are trained,
    each on two thirds of the rows, mirrored too, and tested on the others; rows of equal number, such as a repaired
    picture and its true answer, stay together.
    """
    count = min(len(made), len(true))
    x = torch.cat([to_tensor(p[:count]) for p in (made, true)])
    y = torch.arange(2).repeat_interleave(count).float()
    fold = torch.arange(2 * count) % count % 3
    right = 0.0
    for k in range(3):
        net = _trained_classifier(x[fold != k], y[fold != k], epochs, torch.Generator().manual_seed(seed))
        with torch.inference_mode():
            right += ((net(x[fold == k])[:, 0] > 0) == (y[fold == k] > 0.5)).float().sum().item()
    return right / len(y)


def _trained_classifier(x: torch.Tensor, y: torch.Tensor, epochs: int, generator: torch.Generator) -> nn.Module:
    net = _classifier(generator)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-4)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(32):
            mirror = torch.rand(len(rows), 1, 1, 1, generator=generator) < 0.5
            scores = net(torch.where(mirror, x[rows].flip(-1), x[rows]))[:, 0]
            loss = nn.functional.binary_cross_entropy_with_logits(scores, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return net.eval()


def _classifier(generator: torch.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in ((3, 16), (16, 32), (32, 64), (64, 64)):
        layers += [nn.Conv2d(a, b, 4, 2, 1), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 1))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, 0.2, generator=generator)
            nn.init.zeros_(layer.bias)
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, 0.05, generator=generator)
            nn.init.zeros_(layer.bias)
    return net
