"""Trained repair on pictures of any size: weights from disk, paint and shares carried up to the picture's pixels."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as nnf

from ..checkpoints import half, load_tensors, save_tensors
from ..config import WEIGHTS
from ..errors import InputError
from .cyclegan import CycleGan, to_pictures, to_tensor
from .networks import Config, Generator, blended

TASKS = ("background", "swap", "extreme")
CHANNELS = 6  # of x: two pictures, see `inputs`


def save_gan(path: Path, gan: CycleGan, task: str) -> None:
    """Write all four networks in float16: use needs F alone, but training may go on from them."""
    save_tensors(path, half(gan.state_dict()), {"config": gan.config.asdict(), "task": task})


def load_gan(task: str, path: Path | None = None) -> CycleGan:
    """The networks of a task of `TASKS`, from the embedded weights or another file of `save_gan`."""
    path = path or WEIGHTS / f"repair-{task}.safetensors"
    tensors, header = load_tensors(path)
    if header.get("task") != task:
        raise InputError(path, f"is not repair of the task {task}", f"depthnets train repair-{task} --help")
    config = header["config"]
    gan = CycleGan(CHANNELS, Config(**{**config, "strides": tuple(config["strides"])}))
    gan.load_state_dict({k: v.float() for k, v in tensors.items()})
    return gan.eval()


def load_start(gan: CycleGan, path: Path) -> None:
    """Weights of `save_gan`, or of a run's folder, into networks of the same sizes, whatever their task; only the
    discriminators may differ, which then start afresh."""
    tensors, header = load_tensors(path / "weights.safetensors" if path.is_dir() else path)
    wanted, found = json.loads(json.dumps(gan.config.asdict())), header.get("config", {})
    same_judges = wanted.pop("patch_layers") == found.pop("patch_layers", None)
    start = {k: v.float() for k, v in tensors.items() if same_judges or k.startswith(("f.", "g."))}
    own = gan.state_dict()
    if wanted != found or any(k not in own or own[k].shape != v.shape for k, v in start.items()):
        raise InputError(path, "has networks of other sizes", "start from weights of the same recipe")
    gan.load_state_dict(start, strict=False)


@cache
def generator(task: str) -> Generator:
    """F of the embedded weights: what repairs."""
    return load_gan(task).f


@torch.inference_mode()
def repair(net: Generator, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Repair one picture: x uint8 (H, W, C) square -> RGB uint8 (H, W, 3), and the share (H, W) in [0, 1] of each
    pixel that was painted rather than kept.

    The network sees the picture at the size that it was trained on. Its paint and shares are enlarged, so that the
    pixels that it keeps stay as sharp as they came.
    """
    full = to_tensor(x[None])
    resize = lambda t, size: nnf.interpolate(t, size=size, mode="bilinear", antialias=True)  # noqa: E731
    paint, share = net.layers(resize(full, (net.size, net.size)))
    paint, share = (resize(t[:, 0], x.shape[:2])[:, None] for t in (paint, share))
    return to_pictures(blended(full, paint, share))[0], 1 - share[0, 0].sum(0).numpy()
